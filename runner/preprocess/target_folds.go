package preprocess

import "math/rand/v2"

// folds cuts rows into at most k parts, each ascending: those of a regression as
// scikit-learn's KFold does, those of classes as its StratifiedKFold, so that
// every part has its share of each class. Shuffling is by a generator of our
// own (PCG).
func (t Target) folds(rows, k int, shuffle bool, seed int64) [][]int {
	k = min(k, rows)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	fold := make([]int, rows) // of each row
	if t.Classes == nil {
		order := make([]int, rows)
		for i := range order {
			order[i] = i
		}
		if shuffle {
			random.Shuffle(rows, func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for f, next := 0, 0; f < k; f++ {
			size := rows / k
			if f < rows%k {
				size++
			}
			for _, row := range order[next : next+size] {
				fold[row] = f
			}
			next += size
		}
	} else {
		t.stratify(fold, k, shuffle, random)
	}
	parts := make([][]int, k)
	for row, f := range fold {
		parts[f] = append(parts[f], row)
	}
	return parts
}

// stratify deals the rows, sorted by class in the order of the classes' first
// appearance, to the folds in turn; that tells how many rows of each class a
// fold gets. Within a class the rows fill fold after fold.
func (t Target) stratify(fold []int, k int, shuffle bool, random *rand.Rand) {
	members := make([][]int, len(t.ClassNames))
	var first []int
	for row, class := range t.Classes {
		if members[class] == nil {
			first = append(first, class)
		}
		members[class] = append(members[class], row)
	}
	dealt := 0
	for _, class := range first {
		size := make([]int, k)
		for range members[class] {
			size[dealt%k]++
			dealt++
		}
		rows := members[class]
		if shuffle {
			random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		for f, n := range size {
			for _, row := range rows[:n] {
				fold[row] = f
			}
			rows = rows[n:]
		}
	}
}
