module schedlab/vetting

go 1.24
