"""A town of the program's own processes that can be hurt, a ledger of what its clients were told, and what must hold after."""
