module testdata/xray

go 1.21
