module schedlab/queue_costs

go 1.22
