module testdata/tracing

go 1.24
