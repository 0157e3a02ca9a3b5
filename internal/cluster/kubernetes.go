package cluster

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Pod says how Kubernetes runs a share.
type Pod struct {
	// Image is that of the container; the job's command is in it.
	Image string
	// Namespace of the Job; empty leaves it to kubectl.
	Namespace string
	// Volume is the shared folder, "claim:NAME" (a PersistentVolumeClaim), "nfs:SERVER:/PATH", or "host:/PATH" (a folder of the node, for a cluster of one), and
	// Mount is where the container has it.
	Volume, Mount string
	// Retries is how often a share that fails is started again. A pod that is evicted has not failed.
	Retries int
}

// Kubernetes is the manifest of an indexed Job with an index for each share.
func (j Job) Kubernetes(p Pod) ([]byte, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	switch {
	case p.Image == "":
		return nil, fmt.Errorf("cluster: the job has no image; wanted one that has the program %s in it", j.Command[0])
	case !path.IsAbs(p.Mount) || strings.Contains(p.Mount, ":"):
		return nil, fmt.Errorf("cluster: the volume cannot be mounted at %q; wanted an absolute path without a colon", p.Mount)
	case p.Retries < 0:
		return nil, fmt.Errorf("cluster: a share cannot be tried again %d times; wanted 0 or more", p.Retries)
	}
	shared, err := readVolume(p.Volume)
	if err != nil {
		return nil, err
	}
	var command []string
	for _, part := range j.Command {
		command = append(command, strings.ReplaceAll(part, "$", "$$")) // to Kubernetes, $(NAME) is a variable and $$ a $
	}
	resources := j.resources()
	manifest := job{
		APIVersion: "batch/v1", Kind: "Job", Metadata: metadata{Name: j.Name, Namespace: p.Namespace},
		Spec: jobSpec{
			CompletionMode: "Indexed", Completions: j.Shares, Parallelism: j.parallel(), BackoffLimitPerIndex: p.Retries,
			PodFailurePolicy: podFailurePolicy{[]podFailureRule{{"Ignore", []podCondition{{"DisruptionTarget", "True"}}}}},
			Template: podTemplate{podSpec{
				RestartPolicy: "Never", ActiveDeadlineSeconds: seconds(j.Time),
				Containers: []container{{
					Name: "sweep", Image: p.Image, Command: append(command, fmt.Sprintf("-share=$(JOB_COMPLETION_INDEX)/%d", j.Shares)),
					Resources: requirements{resources, resources}, VolumeMounts: []volumeMount{{shared.Name, p.Mount}},
				}},
				Volumes: []volume{shared},
			}},
		},
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(manifest); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	return text.Bytes(), nil
}

// resources are asked for and are the limit: Go uses as many threads as the limit has CPUs.
func (j Job) resources() map[string]string {
	r := map[string]string{}
	if j.CPUs > 0 {
		r["cpu"] = strconv.Itoa(j.CPUs)
	}
	if j.MemoryGiB > 0 {
		r["memory"] = strconv.Itoa(j.MemoryGiB) + "Gi"
	}
	if j.GPUs > 0 {
		r["nvidia.com/gpu"] = strconv.Itoa(j.GPUs)
	}
	return r
}

func readVolume(text string) (volume, error) {
	v := volume{Name: "shared"}
	kind, source, _ := strings.Cut(text, ":")
	switch server, folder, _ := strings.Cut(source, ":/"); {
	case kind == "claim" && source != "":
		v.Claim = &claim{source}
		return v, nil
	case kind == "nfs" && server != "" && folder != "":
		v.NFS = &nfs{server, "/" + folder}
		return v, nil
	case kind == "host" && path.IsAbs(source):
		v.Host = &hostPath{source, "DirectoryOrCreate"}
		return v, nil
	}
	return v, fmt.Errorf("cluster: the shared volume is %q; wanted claim:NAME, nfs:SERVER:/PATH or host:/PATH, such as claim:runs", text)
}

// The part of Kubernetes' API that the manifest needs, in the order in which it is written.
type (
	job struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       jobSpec  `yaml:"spec"`
	}
	metadata struct {
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace,omitempty"`
	}
	jobSpec struct {
		CompletionMode       string           `yaml:"completionMode"`
		Completions          int              `yaml:"completions"`
		Parallelism          int              `yaml:"parallelism"`
		BackoffLimitPerIndex int              `yaml:"backoffLimitPerIndex"`
		PodFailurePolicy     podFailurePolicy `yaml:"podFailurePolicy"`
		Template             podTemplate      `yaml:"template"`
	}
	podFailurePolicy struct {
		Rules []podFailureRule `yaml:"rules"`
	}
	podFailureRule struct {
		Action          string         `yaml:"action"`
		OnPodConditions []podCondition `yaml:"onPodConditions"`
	}
	podCondition struct {
		Type   string `yaml:"type"`
		Status string `yaml:"status"`
	}
	podTemplate struct {
		Spec podSpec `yaml:"spec"`
	}
	podSpec struct {
		RestartPolicy         string      `yaml:"restartPolicy"`
		ActiveDeadlineSeconds int64       `yaml:"activeDeadlineSeconds,omitempty"`
		Containers            []container `yaml:"containers"`
		Volumes               []volume    `yaml:"volumes"`
	}
	container struct {
		Name         string        `yaml:"name"`
		Image        string        `yaml:"image"`
		Command      []string      `yaml:"command"`
		Resources    requirements  `yaml:"resources,omitempty"`
		VolumeMounts []volumeMount `yaml:"volumeMounts"`
	}
	requirements struct {
		Requests map[string]string `yaml:"requests,omitempty"`
		Limits   map[string]string `yaml:"limits,omitempty"`
	}
	volumeMount struct {
		Name      string `yaml:"name"`
		MountPath string `yaml:"mountPath"`
	}
	volume struct {
		Name  string    `yaml:"name"`
		Claim *claim    `yaml:"persistentVolumeClaim,omitempty"`
		NFS   *nfs      `yaml:"nfs,omitempty"`
		Host  *hostPath `yaml:"hostPath,omitempty"`
	}
	claim struct {
		Name string `yaml:"claimName"`
	}
	nfs struct {
		Server string `yaml:"server"`
		Path   string `yaml:"path"`
	}
	hostPath struct {
		Path string `yaml:"path"`
		Type string `yaml:"type"`
	}
)
