"""Raw text or bytes that a Go program left behind, read into typed records: one module per format."""
