package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// A pod that got its address, as the plugin tells the agent.
type arrival struct{ UID, Address string }

// How long a pod's start may wait for its rules; the kubelet tries again.
const patience = 10 * time.Second

func plugin(command string) {
	var config struct {
		CNIVersion string          `json:"cniVersion"`
		PrevResult json.RawMessage `json:"prevResult"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&config); err != nil {
		refuse(err)
	}
	switch command {
	case "VERSION":
		fmt.Println(`{"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}`)
	case "ADD":
		var result struct{ IPs []struct{ Address string } }
		if err := json.Unmarshal(config.PrevResult, &result); err != nil {
			refuse(err)
		}
		for _, ip := range result.IPs {
			address, _, _ := strings.Cut(ip.Address, "/")
			if err := announce(arrival{argument("K8S_POD_UID"), address}); err != nil {
				refuse(err)
			}
		}
		os.Stdout.Write(config.PrevResult)
	}
	// The agent sees by itself that a pod is gone.
}

// Returns when the agent has answered that the rules are there.
func announce(who arrival) error {
	deadline := time.Now().Add(patience)
	for {
		connection, err := net.Dial("unix", socket)
		if err == nil {
			defer connection.Close()
			connection.SetDeadline(deadline)
			var trouble string
			if err = json.NewEncoder(connection).Encode(who); err == nil {
				err = json.NewDecoder(connection).Decode(&trouble)
			}
			if err == nil && trouble != "" {
				err = fmt.Errorf("%s", trouble)
			}
			return err
		}
		// The node boots: the agent is not there yet.
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func argument(key string) string {
	for _, pair := range strings.Split(os.Getenv("CNI_ARGS"), ";") {
		if value, found := strings.CutPrefix(pair, key+"="); found {
			return value
		}
	}
	return ""
}

func refuse(err error) {
	json.NewEncoder(os.Stdout).Encode(map[string]any{"cniVersion": "1.0.0", "code": 100, "msg": "enforcer: " + err.Error()})
	os.Exit(1)
}
