"""The ways into an account, as rows its holder sees, adds, locks and removes; and the lock of the whole account."""
