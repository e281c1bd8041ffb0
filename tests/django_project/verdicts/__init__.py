"""Pages that go wrong in one way each, and the same pages mended: what the rules say of them is compared."""
