module testdata/everyday

go 1.25
