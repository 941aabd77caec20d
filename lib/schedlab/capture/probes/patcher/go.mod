module schedlab/probes/patcher

go 1.24
