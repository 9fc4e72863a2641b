// Mean_go predicts the target's mean, or the share of each class: an example of a
// program that is a model, see docs/programs.md. Needs data_format: jsonl.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

type job struct {
	Target  string            `json:"target"`
	Classes []json.RawMessage `json:"classes"`
	Rows    map[string]int    `json:"rows"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mean_go train|predict FOLDER")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(verb, folder string) error {
	var j job
	if err := readJSON(filepath.Join(folder, "job.json"), &j); err != nil {
		return err
	}
	model := filepath.Join(folder, "model", "means.json")
	switch verb {
	case "train":
		means, err := train(filepath.Join(folder, "train.jsonl"), j)
		if err != nil {
			return err
		}
		data, err := json.Marshal(means)
		if err != nil {
			return err
		}
		return os.WriteFile(model, data, 0o600)
	case "predict":
		var means []float64
		if err := readJSON(model, &means); err != nil {
			return err
		}
		return predict(filepath.Join(folder, "predictions.jsonl"), means, j.Rows["data"])
	}
	fmt.Fprintf(os.Stderr, "%s is not offered\n", verb)
	os.Exit(64)
	return nil
}

// train gives the mean, or the share of each class.
func train(path string, j job) ([]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	means := make([]float64, max(1, len(j.Classes)))
	rows := 0
	for d := json.NewDecoder(bufio.NewReader(f)); d.More(); rows++ {
		var row map[string]any
		if err := d.Decode(&row); err != nil {
			return nil, err
		}
		target, ok := row[j.Target].(float64)
		switch {
		case !ok:
			return nil, fmt.Errorf("row %d has no target %q", rows+1, j.Target)
		case len(j.Classes) > 0:
			means[int(target)]++
		default:
			means[0] += target
		}
	}
	for k := range means {
		means[k] /= float64(rows)
	}
	fmt.Printf("{\"progress\": 1, \"metrics\": {\"rows\": %d}}\n", rows)
	return means, nil
}

func predict(path string, means []float64, rows int) error {
	line := map[string]float64{}
	for k, mean := range means {
		if len(means) == 1 {
			line["prediction"] = mean
		} else {
			line["proba_"+strconv.Itoa(k)] = mean
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	e := json.NewEncoder(out)
	for range rows {
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
