"""One-click actions of agents: signed webhooks to systems of the house, tried again, with their result on the page."""
