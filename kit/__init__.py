"""Small named tools every room may use; knows no room."""
