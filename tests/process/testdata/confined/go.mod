module schedlab/confined

go 1.24
