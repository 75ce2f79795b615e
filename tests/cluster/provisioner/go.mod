module example.invalid/cluster/provisioner

go 1.26.0
