package etl

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Ordered is a job and the sections that it must come after.
type Ordered struct {
	Job   *Job
	After []string
}

// Order sorts jobs so that each comes after those whose outputs it reads. A job
// depends on another
//
//   - if one of its sources is the other's output folder, or lies in it: that of
//     the innermost folder where several are nested;
//   - if the other's output folder lies in one of its sources, of which it is then a
//     part, unless the other is itself made, over however many sections, of what this
//     one gives.
//
// Folders are compared by what they are called, whatever the spelling, and not by
// where links lead. So an output folder may lie in another's, and whoever reads the
// outer one comes after both. Jobs that do not depend on one another stay in their
// order. Two jobs of one output folder, and jobs that depend on one another in a
// circle, are an error that names them.
func Order(jobs []*Job) ([]Ordered, error) {
	outputs := make(map[string]*Job, len(jobs))
	for _, j := range jobs {
		folder := cleanLocation(j.output)
		if other := outputs[folder]; other != nil {
			return nil, fmt.Errorf("the sections %s and %s have the same output folder, %s; give each its own", other.section, j.section, j.output)
		}
		outputs[folder] = j
	}
	after := dependencies(jobs, outputs)
	var sorted []Ordered
	placed := make(map[*Job]bool, len(jobs))
	for len(sorted) < len(jobs) {
		next := slices.IndexFunc(jobs, func(j *Job) bool {
			return !placed[j] && !slices.ContainsFunc(after[j], func(d *Job) bool { return !placed[d] })
		})
		if next < 0 {
			return nil, fmt.Errorf("sections depend on one another in a circle: %s; each reads a folder that the next one writes to, or one around it",
				strings.Join(circle(jobs, after, placed), " → "))
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

// dependencies returns the jobs that each job comes after.
func dependencies(jobs []*Job, outputs map[string]*Job) map[*Job][]*Job {
	makers := make(map[*Job][]*Job, len(jobs)) // of the folders that sources are or lie in
	for _, j := range jobs {
		for _, source := range j.sources {
			if maker := makerOf(outputs, cleanLocation(source)); maker != nil && maker != j && !slices.Contains(makers[j], maker) {
				makers[j] = append(makers[j], maker)
			}
		}
	}
	after := make(map[*Job][]*Job, len(jobs))
	for _, j := range jobs {
		after[j] = slices.Clone(makers[j])
		for _, other := range jobs {
			if other == j || slices.Contains(after[j], other) || isMadeOf(other, j, makers) {
				continue
			}
			if slices.ContainsFunc(j.sources, func(source string) bool { return liesIn(cleanLocation(other.output), cleanLocation(source)) }) {
				after[j] = append(after[j], other)
			}
		}
	}
	return after
}

// isMadeOf tells whether a job reads what another gives, over however many jobs.
func isMadeOf(j, origin *Job, makers map[*Job][]*Job) bool {
	seen := map[*Job]bool{j: true}
	for queue := []*Job{j}; len(queue) > 0; queue = queue[1:] {
		for _, maker := range makers[queue[0]] {
			if maker == origin {
				return true
			}
			if !seen[maker] {
				seen[maker] = true
				queue = append(queue, maker)
			}
		}
	}
	return false
}

// makerOf returns the job in whose output folder a location lies, the innermost.
func makerOf(outputs map[string]*Job, location string) *Job {
	for {
		if j := outputs[location]; j != nil {
			return j
		}
		parent := path.Dir(location)
		if parent == location {
			return nil
		}
		location = parent
	}
}

// liesIn tells whether a location is beneath a folder, both clean.
func liesIn(location, folder string) bool {
	return location != folder && strings.HasPrefix(location, strings.TrimSuffix(folder, "/")+"/")
}

// cleanLocation gives equal locations one spelling: /path of what is local, and
// s3:bucket/key of what is in a bucket.
func cleanLocation(location string) string {
	u, err := url.Parse(location) // as storage reads it
	if !strings.Contains(location, "://") || err != nil {
		return path.Clean(location)
	}
	if u.Scheme == "file" {
		return path.Clean(u.Path)
	}
	return strings.TrimSuffix(u.Scheme+":"+u.Host+path.Clean("/"+u.Path), "/")
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
