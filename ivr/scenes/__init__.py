"""What stands on an agent's page: scenes, knowledge cards, procedures, lines, actions, offers and frames, written in YAML."""
