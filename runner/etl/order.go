package etl

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Ordered is a job and the sections that it must come after.
type Ordered struct {
	Job   *Job
	After []string
}

// Order sorts jobs so that each comes after those whose outputs it reads: one
// depends on another if one of its sources is the other's output folder or lies
// in it. Jobs that do not depend on one another stay in their order. Two jobs of
// one output folder, and jobs that depend on one another in a circle, are an
// error that names them.
func Order(jobs []*Job) ([]Ordered, error) {
	outputs := make(map[string]*Job, len(jobs))
	for _, j := range jobs {
		folder := cleanLocation(j.output)
		if other := outputs[folder]; other != nil {
			return nil, fmt.Errorf("the sections %s and %s have the same output folder, %s; give each its own", other.section, j.section, j.output)
		}
		outputs[folder] = j
	}
	after := make(map[*Job][]*Job, len(jobs))
	for _, j := range jobs {
		for _, source := range j.sources {
			if maker := makerOf(outputs, cleanLocation(source)); maker != nil && maker != j && !slices.Contains(after[j], maker) {
				after[j] = append(after[j], maker)
			}
		}
	}
	var sorted []Ordered
	placed := make(map[*Job]bool, len(jobs))
	for len(sorted) < len(jobs) {
		next := slices.IndexFunc(jobs, func(j *Job) bool {
			return !placed[j] && !slices.ContainsFunc(after[j], func(d *Job) bool { return !placed[d] })
		})
		if next < 0 {
			return nil, fmt.Errorf("sections depend on one another in a circle: %s", strings.Join(circle(jobs, after, placed), " → "))
		}
		j := jobs[next]
		placed[j] = true
		one := Ordered{Job: j}
		for _, d := range after[j] {
			one.After = append(one.After, d.section)
		}
		sorted = append(sorted, one)
	}
	return sorted, nil
}

// makerOf returns the job in whose output folder a location lies, the innermost.
func makerOf(outputs map[string]*Job, location string) *Job {
	for {
		if j := outputs[location]; j != nil {
			return j
		}
		parent := path.Dir(location)
		if parent == location || parent == "." || strings.HasSuffix(location, "://") {
			return nil
		}
		location = parent
	}
}

// cleanLocation gives equal locations one spelling.
func cleanLocation(location string) string {
	if scheme, rest, ok := strings.Cut(location, "://"); ok && scheme != "file" {
		return scheme + ":/" + path.Clean("/"+rest)
	}
	return path.Clean(strings.TrimPrefix(location, "file://"))
}

// circle returns sections that depend on one another, the first also last.
func circle(jobs []*Job, after map[*Job][]*Job, placed map[*Job]bool) []string {
	at := jobs[slices.IndexFunc(jobs, func(j *Job) bool { return !placed[j] })]
	var names []string
	for {
		if first := slices.Index(names, at.section); first >= 0 {
			return append(names[first:], at.section)
		}
		names = append(names, at.section)
		at = after[at][slices.IndexFunc(after[at], func(d *Job) bool { return !placed[d] })]
	}
}
