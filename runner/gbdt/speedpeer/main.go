// Command speedpeer is this project's side of tools/reference/gbdt_speed.py,
// which measures it against LightGBM: it answers questions, one JSON document a
// line, about data that both sides were given in one file.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "speedpeer:", err)
		os.Exit(1)
	}
}

// question is what may be asked; Do tells which of the other fields count.
type question struct {
	Do      string         `json:"do"`
	Path    string         `json:"path"`
	Threads int            `json:"threads"`
	Trees   int            `json:"trees"`
	Rows    int            `json:"rows"`
	Params  map[string]any `json:"params"`
}

// answer holds seconds, MB, microseconds or counts by name.
type answer map[string]float64

func run() error {
	p := &peer{}
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		reply, err := p.answer(q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Do, err)
		}
		if err := out.Encode(reply); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (p *peer) answer(q question) (answer, error) {
	switch q.Do {
	case "load":
		return p.load(q.Path)
	case "train":
		return p.train(q)
	case "open":
		return p.open(q.Path)
	case "predict":
		return p.predict(q)
	case "row":
		return p.row()
	case "csv":
		return readCSV(q)
	}
	return nil, fmt.Errorf("unknown question")
}

// resident gives this process' memory now and at its peak, in MB.
func resident() (now, peak float64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		if err != nil {
			return 0, 0, err
		}
		if name == "VmRSS" {
			now = kb / 1024
		} else {
			peak = kb / 1024
		}
	}
	return now, peak, nil
}
