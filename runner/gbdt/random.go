package gbdt

// random is the SplitMix64 generator (Steele, Lea and Flood, 2014): small,
// and the same on every machine.
type random struct{ state uint64 }

const goldenGamma = 0x9e3779b97f4a7c15

// stream is an independent generator for a purpose and a step of it, so that
// what one part draws does not depend on what another part drew before.
func stream(seed int, purpose, step uint64) *random {
	return &random{mix(mix(uint64(seed)+goldenGamma*purpose) + goldenGamma*step)}
}

const (
	drawBins uint64 = iota + 1
	drawRows
	drawColumns
	drawNodeColumns
	drawDrops
	drawThreshold
	drawLevelColumns
)

// seed is the seed for a purpose: the one of the training, changed where the
// purpose's own parameter is not at its default.
func (p *Params) seed(purpose uint64) int {
	given, usual := 0, 0
	switch purpose {
	case drawBins:
		given, usual = p.DataRandomSeed, 1
	case drawRows:
		given, usual = p.BaggingSeed, 3
	case drawColumns, drawNodeColumns, drawLevelColumns:
		given, usual = p.FeatureFractionSeed, 2
	case drawDrops:
		given, usual = p.DropSeed, 4
	case drawThreshold:
		given, usual = p.ExtraSeed, 6
	}
	if given == usual {
		return p.Seed
	}
	return int(mix(uint64(p.Seed) ^ mix(uint64(given))))
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) next() uint64 {
	r.state += goldenGamma
	return mix(r.state)
}

// below is uniform among the numbers below n, which is at least 1.
func (r *random) below(n int) int { return int(r.float() * float64(n)) }

// float is uniform in [0, 1).
func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// choose picks k of the numbers below n, in rising order (Knuth's algorithm S).
func (r *random) choose(n, k int) []int {
	chosen := make([]int, 0, k)
	for i := 0; i < n && len(chosen) < k; i++ {
		if r.float()*float64(n-i) < float64(k-len(chosen)) {
			chosen = append(chosen, i)
		}
	}
	return chosen
}
