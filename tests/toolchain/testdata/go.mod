module testdata

go 1.24
