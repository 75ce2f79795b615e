// provisioner SERVER TOKEN CA RUN: makes a volume for each claim that the scheduler has given to a node, and removes it
// when it is released. A volume that one node uses is a folder on that node's disk; one that many may use is a folder that
// all nodes see.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const name = "muster.dev/test-volumes"

type object struct {
	Metadata struct {
		Name, Namespace, UID string
		Annotations          map[string]string
	}
	Spec struct {
		AccessModes                   []string
		StorageClassName, VolumeName  string
		PersistentVolumeReclaimPolicy string
		Resources                     struct{ Requests map[string]string }
	}
	Status struct{ Phase string }
}

type list map[string]any

var server, token, run string
var client http.Client

func main() {
	server, token, run = os.Args[1], os.Args[2], os.Args[4]
	pem, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	go forever("persistentvolumeclaims", provision)
	forever("persistentvolumes", remove)
}

// A watch without a version begins with everything that is there, so each new one makes up for what the last one missed.
func forever(resource string, act func(object) error) {
	for {
		log.Print(resource, ": ", watch(resource, act))
		time.Sleep(time.Second)
	}
}

func watch(resource string, act func(object) error) error {
	response, err := request("GET", resource+"?watch=1", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for events := json.NewDecoder(response.Body); ; {
		var event struct {
			Type   string
			Object object
		}
		err := events.Decode(&event)
		if err == nil && event.Type != "DELETED" {
			err = act(event.Object)
		}
		if err != nil {
			return err
		}
	}
}

func provision(claim object) error {
	node := claim.Metadata.Annotations["volume.kubernetes.io/selected-node"]
	ours := claim.Metadata.Annotations["volume.kubernetes.io/storage-provisioner"] == name
	if !ours || node == "" || claim.Spec.VolumeName != "" {
		return nil
	}
	volume := "pvc-" + claim.Metadata.UID
	// The node's /var/lib is this folder; every node sees the other one under the same path.
	disk, path := filepath.Join(run, node, "var/lib/volumes", volume), "/var/lib/volumes/"+volume
	key, value := "kubernetes.io/hostname", node
	if slices.Contains(claim.Spec.AccessModes, "ReadWriteMany") || slices.Contains(claim.Spec.AccessModes, "ReadOnlyMany") {
		disk = filepath.Join(run, "shared", volume)
		path, key, value = disk, "kubernetes.io/os", "linux"
	}
	if err := os.MkdirAll(disk, 0o777); err != nil {
		return err
	}
	return send("POST", "persistentvolumes", list{
		"apiVersion": "v1", "kind": "PersistentVolume",
		"metadata": list{"name": volume, "annotations": list{"pv.kubernetes.io/provisioned-by": name, name: disk}},
		"spec": list{
			"capacity":    list{"storage": claim.Spec.Resources.Requests["storage"]},
			"accessModes": claim.Spec.AccessModes, "storageClassName": claim.Spec.StorageClassName,
			"persistentVolumeReclaimPolicy": "Delete", "local": list{"path": path},
			"claimRef": list{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": claim.Metadata.Name,
				"namespace": claim.Metadata.Namespace, "uid": claim.Metadata.UID},
			"nodeAffinity": list{"required": list{"nodeSelectorTerms": []list{
				{"matchExpressions": []list{{"key": key, "operator": "In", "values": []string{value}}}}}}},
		},
	})
}

func remove(volume object) error {
	disk := volume.Metadata.Annotations[name]
	if disk == "" || volume.Status.Phase != "Released" || volume.Spec.PersistentVolumeReclaimPolicy != "Delete" {
		return nil
	}
	return errors.Join(os.RemoveAll(disk), send("DELETE", "persistentvolumes/"+volume.Metadata.Name, nil))
}

func request(method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequest(method, server+"/api/v1/"+path, body)
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
	return client.Do(request)
}

// What is made or gone already is well.
func send(method, path string, body any) error {
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(body); err != nil {
		return err
	}
	response, err := request(method, path, &text)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if !slices.Contains([]int{200, 201, 202, 404, 409}, response.StatusCode) {
		answer, _ := io.ReadAll(response.Body)
		err = fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return err
}
