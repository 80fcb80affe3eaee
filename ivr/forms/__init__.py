"""Parts of YAML files as forms: read typed, described by a schema, written back in their place."""
