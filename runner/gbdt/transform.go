package gbdt

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// transform turns raw scores into predictions.
type transform struct {
	kind  transformKind
	scale float64 // the sigmoid's
}

type transformKind uint8

const (
	identity transformKind = iota
	sigmoidEach
	softmaxAll
	exponential
	signedSquare
)

// apply transforms the raw scores of one row in place.
func (t transform) apply(scores []float64) {
	switch t.kind {
	case sigmoidEach:
		for k, v := range scores {
			scores[k] = 1 / (1 + math.Exp(-t.scale*v))
		}
	case softmaxAll:
		softmaxInPlace(scores)
	case exponential:
		for k, v := range scores {
			scores[k] = math.Exp(v)
		}
	case signedSquare:
		for k, v := range scores {
			scores[k] = math.Copysign(v*v, v)
		}
	}
}

// parseTransform reads the objective line of a model text.
func parseTransform(objective string, outputs int) (transform, error) {
	words := strings.Fields(objective)
	if len(words) == 0 {
		return transform{}, nil
	}
	options := map[string]string{}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, ":")
		options[key] = value
	}
	switch words[0] {
	case "regression":
		if _, sqrt := options["sqrt"]; sqrt {
			return transform{kind: signedSquare}, nil
		}
		return transform{}, nil
	case "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom":
		return transform{}, nil
	case "poisson", "gamma", "tweedie":
		return transform{kind: exponential}, nil
	case "cross_entropy":
		return transform{kind: sigmoidEach, scale: 1}, nil
	case "binary", "multiclassova":
		scale, err := strconv.ParseFloat(options["sigmoid"], 64)
		if err != nil || !(scale > 0) || math.IsInf(scale, 0) {
			return transform{}, fmt.Errorf("objective %q: no positive sigmoid", objective)
		}
		return transform{kind: sigmoidEach, scale: scale}, nil
	case "multiclass":
		if options["num_class"] != strconv.Itoa(outputs) {
			return transform{}, fmt.Errorf("objective %q does not fit %d scores a row", objective, outputs)
		}
		return transform{kind: softmaxAll}, nil
	}
	return transform{}, fmt.Errorf("unknown objective %q", objective)
}
