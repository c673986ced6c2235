"""Two issuers side by side: ours in its server, npm `oidc-provider` in node, and one that calls them."""
