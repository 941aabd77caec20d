module schedlab/smallest

go 1.21
