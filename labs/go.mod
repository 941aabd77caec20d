module schedlab/labs

go 1.25
