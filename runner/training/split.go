package training

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"mlops/runner/config"
)

// Streams of the seeded generator: every use has its own, so that one does not
// shift another.
const (
	streamSplit = 1 + iota
	streamFolds
	streamStopping
)

func generator(cfg *config.Config, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(cfg.Training.RandomState), stream))
}

// split divides the used rows, by position, into a training and a validation
// part, both ascending. With a test_size of 0 there is no validation part.
func split(g *goal, cfg *config.Config) (train, validation []int, warnings []string, err error) {
	all := make([]int, g.size())
	for i := range all {
		all[i] = i
	}
	if cfg.Training.TestSize == 0 {
		return all, nil, nil, nil
	}
	held, err := validationRows(g.rowsAt(all), cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	train, validation = divide(g, all, held, generator(cfg, streamSplit))
	if g.moments != nil {
		return train, validation, nil, checkTimeSplit(g, cfg, train, validation)
	}
	if len(validation) == 0 && g.groups != nil {
		return nil, nil, nil, splitFault(g, cfg.Training.GroupColumn, all)
	}
	if len(validation) == 0 {
		return nil, nil, nil, &DataError{Column: g.Name, Reason: "every class of the target has a single row, so none can be validated; give more rows, set training.test_size to 0, or " + otherTarget(g.Kind)}
	}
	for k, rows := range countOfClasses(g.classes, len(g.Classes)) {
		if rows == 1 {
			warnings = append(warnings, fmt.Sprintf("class %q has a single row; it is trained on and cannot be validated", g.Classes[k]))
		}
	}
	return train, validation, warnings, nil
}

// divide draws held of the positions for validation. Classes are spread as
// scikit-learn's train_test_split with stratify spreads them. Both parts keep
// the order of positions; held may not be reached where classes are too small.
// Rows of one group stay together. Where rows have times, the latest are set apart
// instead, and nothing is drawn.
func divide(g *goal, positions []int, held int, random *rand.Rand) (train, validation []int) {
	if g.moments != nil {
		return divideTimes(g, positions, held)
	}
	if g.groups != nil {
		return divideGroups(g, positions, held, random)
	}
	groups := [][]int{slices.Clone(positions)}
	take := []int{held}
	if g.problem.IsClassification() {
		groups = membersOf(g.classes, len(g.Classes), positions)
		counts := make([]int, len(groups))
		for k, m := range groups {
			counts[k] = len(m)
		}
		take = heldByClass(counts, held)
	}
	drawn := make([]bool, g.size())
	for k, m := range groups {
		random.Shuffle(len(m), func(i, j int) { m[i], m[j] = m[j], m[i] })
		for _, p := range m[:take[k]] {
			drawn[p] = true
		}
	}
	for _, p := range positions {
		if drawn[p] {
			validation = append(validation, p)
		} else {
			train = append(train, p)
		}
	}
	return train, validation
}

// validationRows is the size of the validation part: a fraction is rounded up,
// as scikit-learn does.
func validationRows(n int, cfg *config.Config) (int, error) {
	size := cfg.Training.TestSize
	held := int(size)
	if size < 1 {
		held = int(math.Ceil(size * float64(n)))
	}
	if n < 2 || held < 1 {
		return 0, &DataError{Reason: "a single row is too few to train and validate; give at least 2"}
	}
	if held >= n {
		if size >= 1 {
			return 0, cfg.ErrorAt("training.test_size", "%d rows for validation leave none of the %d rows for training; lower it", held, n)
		}
		return 0, &DataError{Reason: fmt.Sprintf("test_size %v of %d rows leaves none for training; give more rows or lower it", size, n)}
	}
	return held, nil
}

// heldByClass spreads held validation rows over classes in proportion to their
// counts, by largest remainder. Every class keeps a row for training.
func heldByClass(counts []int, held int) []int {
	total := 0
	for _, c := range counts {
		total += c
	}
	out := make([]int, len(counts))
	rest := make([]float64, len(counts))
	left := held
	for k, c := range counts {
		exact := float64(held) * float64(c) / float64(total)
		out[k] = max(0, min(int(exact), c-1))
		rest[k] = exact - float64(out[k])
		left -= out[k]
	}
	order := make([]int, len(counts))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for gave := true; left > 0 && gave; {
		gave = false
		for _, k := range order {
			if left > 0 && out[k] < counts[k]-1 {
				out[k]++
				left--
				gave = true
			}
		}
	}
	return out
}

// membersOf lists the positions of each of count classes, in their order.
func membersOf(classes []int, count int, positions []int) [][]int {
	size := make([]int, count)
	for _, p := range positions {
		size[classes[p]]++
	}
	members := make([][]int, count)
	for k, n := range size {
		members[k] = make([]int, 0, n)
	}
	for _, p := range positions {
		members[classes[p]] = append(members[classes[p]], p)
	}
	return members
}

// countOfClasses counts the rows of each class.
func countOfClasses(classes []int, count int) []int {
	rows := make([]int, count)
	for _, k := range classes {
		rows[k]++
	}
	return rows
}
