module schedlab/labs

go 1.24
