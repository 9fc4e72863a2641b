package neural

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Both parts are all rows; the held out ones are validation_fraction rounded up,
// less where single rows of classes must stay, and of each class its share to
// within a row.
func TestHoldOutIsStratified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultParams()
		p.Loss, p.NumClass = LogLoss, rapid.IntRange(2, 6).Draw(t, "classes")
		p.ValidationFraction = rapid.Float64Range(0.05, 0.6).Draw(t, "fraction")
		p.RandomState = rapid.IntRange(0, 9).Draw(t, "seed")
		target := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(0, p.NumClass-1).Draw(t, "y")) }), 2, 200).Draw(t, "target")
		train, valid, err := holdOut(target, &p)
		want := math.Ceil(p.ValidationFraction * float64(len(target)))
		if err != nil {
			if want >= 2+float64(p.NumClass) {
				t.Fatalf("%v rows of %d refused: %v", want, len(target), err)
			}
			return
		}
		if !slices.Equal(slices.Sorted(slices.Values(slices.Concat(train, valid))), upTo(len(target))) {
			t.Fatalf("%v and %v are not all rows", train, valid)
		}
		if float64(len(valid)) > want || float64(len(valid)) < want-float64(p.NumClass) {
			t.Fatalf("%d rows held out, want %v", len(valid), want)
		}
		size, held := make([]float64, p.NumClass), make([]float64, p.NumClass)
		for _, y := range target {
			size[int(y)]++
		}
		for _, row := range valid {
			held[int(target[row])]++
		}
		for class := range size {
			share := want * size[class] / float64(len(target))
			if held[class] > share+1 || held[class] < share-1 || (size[class] > 0 && held[class] == size[class]) {
				t.Fatalf("class %d: %v of %v rows held out, its share is %v", class, held[class], size[class], share)
			}
		}
	})
}
