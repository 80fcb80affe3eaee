"""Whether contacts went as they should: scorecards in YAML, reviews by rule and by people, calibration, coaching, appeals."""
