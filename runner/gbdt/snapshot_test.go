package gbdt

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// A training that is killed and resumed from its last snapshot gives, byte by
// byte, the model of one that was not.
func TestResumedTrainingGivesTheSameModel(t *testing.T) {
	for name, change := range map[string]func(*Params){
		"gbdt": func(*Params) {},
		"sampling": func(p *Params) {
			p.BaggingFreq, p.BaggingFraction, p.FeatureFractionByNode, p.ExtraTrees = 3, 0.7, 0.6, true
		},
		"goss":     func(p *Params) { p.DataSampleStrategy, p.LearningRate = GOSS, 0.5 },
		"dart":     func(p *Params) { p.Boosting, p.SkipDrop, p.DropRate, p.EarlyStoppingRound = DART, 0.1, 0.5, 0 },
		"forest":   func(p *Params) { p.Boosting, p.BaggingFreq, p.BaggingFraction = RandomForest, 2, 0.6 },
		"stopping": func(p *Params) { p.LearningRate, p.EarlyStoppingRound, p.NumIterations = 0.5, 5, 60 },
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			p.Objective, p.NumClass, p.NumIterations, p.EarlyStoppingRound, p.MinDataPerGroup = Multiclass, 3, 14, 10, 10
			change(&p)
			train, valid, _, _ := splitTabular(t, "kind", p)
			want, err := Train(context.Background(), train, valid, p)
			if err != nil {
				t.Fatal(err)
			}
			var file bytes.Buffer
			killed := errors.New("killed")
			_, err = TrainWith(context.Background(), train, valid, p, Options{SnapshotEvery: 3, Snapshot: func(s *Snapshot) error {
				if s.Iterations() < 6 {
					return nil
				}
				if n, err := s.WriteTo(&file); err != nil || n != int64(file.Len()) {
					t.Errorf("wrote %d bytes: %v", n, err)
				}
				return killed
			}})
			if name == "stopping" && err == nil {
				t.Fatal("the training stopped before the snapshot: the case shows nothing")
			}
			if !errors.Is(err, killed) {
				t.Fatal(err)
			}
			s, err := ReadSnapshot(&file)
			if err != nil {
				t.Fatal(err)
			}
			p.NumThreads = 3
			got, err := TrainWith(context.Background(), train, valid, p, Options{Resume: s})
			if err != nil {
				t.Fatal(err)
			}
			if modelText(t, got) != modelText(t, want) {
				t.Error("the resumed training gives another model")
			}
		})
	}
}

func someSnapshot(t testing.TB, p Params) (*Dataset, []byte) {
	features, label := usable()
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	_, err = TrainWith(context.Background(), d, nil, p, Options{Snapshot: func(s *Snapshot) error {
		file.Reset()
		_, err := s.WriteTo(&file)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d, file.Bytes()
}

func TestResumeRefusesWhatDoesNotFit(t *testing.T) {
	p := DefaultParams()
	p.NumIterations = 3
	d, file := someSnapshot(t, p)
	resume := func(d *Dataset, p Params) error {
		s, err := ReadSnapshot(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		_, err = TrainWith(context.Background(), d, nil, p, Options{Resume: s})
		return err
	}
	more := p
	more.NumIterations = 5
	if err := resume(d, more); err != nil {
		t.Errorf("more iterations: %v", err)
	}
	other := p
	other.NumLeaves = 7
	if err := resume(d, other); err == nil || !strings.Contains(err.Error(), "[num_leaves: 31] then, [num_leaves: 7] now") {
		t.Errorf("other parameters: got %v", err)
	}
	changed := *d
	changed.label = append([]float64{7}, d.label[1:]...)
	if err := resume(&changed, p); err == nil || !strings.Contains(err.Error(), "other training data") {
		t.Errorf("other data: got %v", err)
	}
}

// A snapshot that is not whole is refused.
func FuzzReadSnapshot(f *testing.F) {
	p := DefaultParams()
	p.NumIterations, p.NumLeaves = 2, 4
	_, file := someSnapshot(f, p)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add(file[:len(file)-1])
	f.Add([]byte(snapshotFormat + `{"Model":1000000000,"Train":8000000000}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadSnapshot(bytes.NewReader(data))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if _, err := s.WriteTo(&again); err != nil {
			t.Fatal(err)
		}
	})
}

// Every change of one byte is noticed.
func TestReadSnapshotNoticesDamage(t *testing.T) {
	p := DefaultParams()
	p.NumIterations, p.NumLeaves = 2, 4
	_, file := someSnapshot(t, p)
	for i := 0; i < len(file); i += 13 {
		damaged := bytes.Clone(file)
		damaged[i] ^= 4
		if _, err := ReadSnapshot(bytes.NewReader(damaged)); err == nil {
			t.Fatalf("a change of byte %d was not noticed", i)
		}
	}
}

func TestContinueRefusesWhatDoesNotFit(t *testing.T) {
	features, raw, label := tabular(t, "y", 0, 700)
	p := DefaultParams()
	p.NumIterations = 2
	m := trainOn(t, features, label, p)
	train, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	fewer, err := NewDataset(context.Background(), features[:3], label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	forest := p
	forest.Boosting, forest.BaggingFreq, forest.BaggingFraction = RandomForest, 1, 0.5
	for _, c := range []struct {
		name string
		data *Dataset
		p    Params
		from Continue
		says string
	}{
		{"no model", train, p, Continue{}, "no model"},
		{"other features", fewer, p, Continue{Model: m, TrainColumns: raw}, "other features"},
		{"a forest", train, forest, Continue{Model: m, TrainColumns: raw}, "random forest"},
		{"no columns", train, p, Continue{Model: m}, "raw columns of the training data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := TrainWith(context.Background(), c.data, nil, c.p, Options{Continue: &c.from})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}
