module schedlab/samples

go 1.24
