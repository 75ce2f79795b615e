module example.invalid/cluster/probe

go 1.26.0
