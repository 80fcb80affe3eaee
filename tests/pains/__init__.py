"""What users of such systems suffer from, one test each: it must not happen here."""
