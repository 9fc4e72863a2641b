package gbdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"math"
	"slices"
	"strings"
)

// Snapshot is the state of a training after an iteration, from which
// [TrainWith] goes on, with the same data and parameters, to the model that the
// training would have given. It is valid only while the function that it is
// given to runs, or, from [ReadSnapshot], for one training.
type Snapshot struct {
	state        snapshotState
	model        *Model
	train, valid []float64 // raw scores, output by output
}

// snapshotState is what else a training remembers.
type snapshotState struct {
	Iterations  int
	Parameters  []string
	Data        uint64 // checksum of the training data
	Best        map[string]float64
	At          map[string]int
	Rounds      int
	BestRound   int
	DartWeights []float64
	DartSum     float64
}

// Iterations is the number of iterations that are done.
func (s *Snapshot) Iterations() int { return s.state.Iterations }

// snapshot is the state after iteration index.
func (b *booster) snapshot(index int) *Snapshot {
	s := &Snapshot{model: b.model, train: b.train.score}
	s.state = snapshotState{Iterations: index + 1, Parameters: b.p.resumable(), Data: b.dataChecksum()}
	if b.valid != nil {
		s.valid = b.valid.score
	}
	if b.stopper != nil {
		s.state.Best, s.state.At, s.state.Rounds, s.state.BestRound = b.stopper.best, b.stopper.at, b.stopper.rounds, b.stopper.bestIteration
	}
	if b.dart != nil {
		s.state.DartWeights, s.state.DartSum = b.dart.weights, b.dart.sum
	}
	return s
}

// resume takes over a snapshot's state.
func (b *booster) resume(s *Snapshot) error {
	switch {
	case s.state.Data != b.dataChecksum():
		return errors.New("gbdt: resume: the snapshot was taken with other training data")
	case !slices.Equal(s.state.Parameters, b.p.resumable()):
		return fmt.Errorf("gbdt: resume: the snapshot was taken with other parameters: %s", firstDifference(s.state.Parameters, b.p.resumable()))
	case s.state.Iterations < 1 || s.model.outputs != b.model.outputs || s.model.NumIterations() != s.state.Iterations:
		return fmt.Errorf("gbdt: resume: the snapshot has %d trees after %d iterations", len(s.model.trees), s.state.Iterations)
	case len(s.train) != len(b.train.score) || (b.valid == nil) != (s.valid == nil) || b.valid != nil && len(s.valid) != len(b.valid.score):
		return errors.New("gbdt: resume: the snapshot was taken with data of another size")
	}
	b.model.trees = s.model.trees
	copy(b.train.score, s.train)
	if b.valid != nil {
		copy(b.valid.score, s.valid)
	}
	if b.stopper != nil && s.state.Best != nil {
		b.stopper.best, b.stopper.at, b.stopper.rounds, b.stopper.bestIteration = s.state.Best, s.state.At, s.state.Rounds, s.state.BestRound
	}
	if b.dart == nil {
		return nil
	}
	if len(s.state.DartWeights) != s.state.Iterations {
		return fmt.Errorf("gbdt: resume: the snapshot has %d weights of %d rounds", len(s.state.DartWeights), s.state.Iterations)
	}
	b.dart.weights, b.dart.sum = s.state.DartWeights, s.state.DartSum
	for i := 0; i < len(b.model.trees); i += b.model.outputs {
		var r round
		for _, t := range b.model.trees[i : i+b.model.outputs] {
			binned, err := b.train.data.binTree(t)
			if err != nil {
				return err
			}
			r.trees = append(r.trees, grown{t, binned})
		}
		b.dart.rounds = append(b.dart.rounds, r)
	}
	return nil
}

// resumable are the parameters that must not change between a snapshot and the
// training that resumes it.
func (p *Params) resumable() []string {
	return slices.DeleteFunc(p.lines(true), func(line string) bool { return strings.HasPrefix(line, "[num_iterations:") })
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%s then, %s now", a[i], b[i])
		}
	}
	return fmt.Sprintf("%d of them then, %d now", len(a), len(b))
}

// dataChecksum is computed when first needed.
func (b *booster) dataChecksum() uint64 {
	if b.checksum == nil {
		sum := b.train.data.checksum()
		b.checksum = &sum
	}
	return *b.checksum
}

// checksum tells training data apart.
func (d *Dataset) checksum() uint64 {
	sum := crc64.New(crc64.MakeTable(crc64.ECMA))
	buffer := make([]byte, 0, 1<<16)
	add := func(v uint64) {
		if buffer = binary.LittleEndian.AppendUint64(buffer, v); len(buffer) == cap(buffer) {
			sum.Write(buffer)
			buffer = buffer[:0]
		}
	}
	for _, word := range d.data {
		add(word)
	}
	for _, column := range d.wideData {
		for _, bin := range column {
			add(uint64(bin))
		}
	}
	for _, list := range d.lists {
		add(uint64(len(list.rows)))
		for i, row := range list.rows {
			add(uint64(row)<<16 | uint64(list.bins[i]))
		}
	}
	for _, part := range [][]float64{d.label, d.weight, d.initScore} {
		add(uint64(len(part)))
		for _, v := range part {
			add(math.Float64bits(v))
		}
	}
	for _, at := range d.groups {
		add(uint64(at))
	}
	sum.Write(buffer)
	return sum.Sum64()
}

// binTree is a tree of this data's training over its bins.
func (d *Dataset) binTree(t *tree) (*binnedTree, error) {
	slots := make(map[int32]int, len(d.used))
	for slot, feature := range d.used {
		slots[int32(feature)] = slot
	}
	b := &binnedTree{}
	for i, feature := range t.feature {
		slot, ok := slots[feature]
		if !ok {
			return nil, fmt.Errorf("gbdt: resume: a tree splits on feature %d, which this data does not use", feature)
		}
		m := d.mappers[feature]
		categorical := t.decision[i]&decisionCategorical != 0
		if categorical != m.categorical {
			return nil, fmt.Errorf("gbdt: resume: feature %d is categorical in only one of tree and data", feature)
		}
		s := split{defaultLeft: t.decision[i]&decisionDefaultLeft != 0}
		if categorical {
			for bin, code := range m.categories {
				if code >= 0 && t.inSet(int(t.threshold[i]), int(code)) {
					s.left = append(s.left, bin)
				}
			}
		} else {
			s.threshold = m.bin(t.threshold[i])
		}
		b.nodes = append(b.nodes, binnedNode{int32(slot), t.left[i], t.right[i], s.sides(m)})
	}
	return b, nil
}

func (t *tree) inSet(set, category int) bool {
	words := t.catThreshold[t.catBoundaries[set]:t.catBoundaries[set+1]]
	return category/32 < len(words) && words[category/32]>>(category%32)&1 != 0
}
