module schedlab/corpus

go 1.24
