package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCheckedInTableIsTheGenerators(t *testing.T) {
	want, err := os.ReadFile("../churn.csv")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := write(&got, customers); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("examples/churn.csv differs from what the generator writes; run: go run ./examples/generate > examples/churn.csv")
	}
}
