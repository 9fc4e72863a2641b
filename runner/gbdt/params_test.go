package gbdt

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseParams(t *testing.T) {
	p, err := ParseParams(DefaultParams(), map[string]any{
		"application": "binary", "n_estimators": 50, "eta": "0.05", "max_leaves": json.Number("63"), "reg_lambda": 2,
		"colsample_bytree": 0.5, "subsample": float32(0.5), "subsample_freq": int64(1), "metrics": []any{"auc", "binary_logloss"},
		"unbalance": "true", "random_state": -3, "verbose": -1, "n_jobs": uint8(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultParams()
	want.Objective, want.NumIterations, want.LearningRate, want.NumLeaves, want.LambdaL2 = Binary, 50, 0.05, 63, 2
	want.FeatureFraction, want.BaggingFraction, want.BaggingFreq = 0.5, 0.5, 1
	want.Metric, want.IsUnbalance, want.Seed, want.NumThreads = []string{"auc", "binary_logloss"}, true, -3, 2
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestParseParamsRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		values map[string]any
		key    string
		says   string
	}{
		{"an unknown name", map[string]any{"num_leafs": 3}, "num_leafs", `did you mean "num_leaf"`},
		{"two aliases", map[string]any{"eta": 0.1, "learning_rate": 0.1}, "learning_rate", `same parameter as "eta"`},
		{"a wrong type", map[string]any{"num_leaves": "many"}, "num_leaves", "whole number >= 2"},
		{"a fraction for a count", map[string]any{"num_leaves": 3.5}, "num_leaves", "whole number"},
		{"too small", map[string]any{"max_leaves": 1}, "max_leaves", ">= 2"},
		{"too large", map[string]any{"bagging_fraction": 1.5}, "bagging_fraction", "> 0 and <= 1"},
		{"an open bound", map[string]any{"learning_rate": 0}, "learning_rate", "> 0"},
		{"not a number", map[string]any{"lambda_l2": "NaN"}, "lambda_l2", ">= 0"},
		{"a boolean that is none", map[string]any{"use_missing": 2}, "use_missing", "true or false"},
		{"an unknown choice", map[string]any{"boosting": "darts"}, "boosting", "gbdt"},
		{"an unknown metric", map[string]any{"metric": "ndgc"}, "metric", "rmse"},
		{"another objective's metric", map[string]any{"objective": "binary", "metric": "rmse"}, "metric", "auc"},
		{"a metric that is no name", map[string]any{"metric": 3}, "metric", "list of names"},
		{"multiclass without classes", map[string]any{"objective": "multiclass"}, "num_class", "at least 2"},
		{"classes without multiclass", map[string]any{"num_class": 3}, "num_class", "must be 1"},
		{"a forest of equal trees", map[string]any{"boosting": "rf"}, "boosting", "bagging_freq"},
		{"a percentile of one", map[string]any{"objective": "quantile", "alpha": 1}, "alpha", "< 1"},
		{"a list that is none", map[string]any{"eval_at": "1,x"}, "eval_at", "whole number"},
		{"a position of zero", map[string]any{"eval_at": []any{3, 0}}, "eval_at", "> 0"},
		{"a side that is none", map[string]any{"monotone_constraints": []any{2}}, "monotone_constraints", ">= -1"},
		{"groups that are none", map[string]any{"interaction_constraints": "[0,1],2x"}, "interaction_constraints", "groups"},
		{"costs of other classes", map[string]any{"objective": "multiclass", "num_class": 3, "auc_mu_weights": []any{0, 1}}, "auc_mu_weights", "num_class"},
		{"early stopping with dart", map[string]any{"boosting": "dart", "early_stopping_round": 3}, "early_stopping_round", "dart"},
		{"goss with bags", map[string]any{"data_sample_strategy": "goss", "bagging_freq": 1, "subsample": 0.5}, "data_sample_strategy", "bagging"},
		{"goss of more than all", map[string]any{"data_sample_strategy": "goss", "top_rate": 0.7, "other_rate": 0.6}, "top_rate", "at most 1"},
		{"balanced bags of values", map[string]any{"pos_bagging_fraction": 0.5, "bagging_freq": 1}, "pos_bagging_fraction", "binary"},
		{"smoothing of single rows", map[string]any{"path_smooth": 1, "min_data_in_leaf": 1}, "path_smooth", "at least 2"},
		{"two ways to balance", map[string]any{"is_unbalance": true, "scale_pos_weight": 2}, "is_unbalance", "scale_pos_weight"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseParams(DefaultParams(), c.values)
			var bad *ParamError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want a *ParamError", err)
			}
			if bad.Key != c.key || !strings.Contains(bad.Reason, c.says) {
				t.Errorf("got %v, want key %q and %q", err, c.key, c.says)
			}
		})
	}
}

// Every name and alias belongs to one parameter.
func TestParamTableIsUnambiguous(t *testing.T) {
	owner := map[string]string{}
	for i := range paramTable {
		for _, name := range append([]string{paramTable[i].name}, paramTable[i].aliases...) {
			if other, taken := owner[name]; taken {
				t.Errorf("%q names both %q and %q", name, other, paramTable[i].name)
			}
			owner[name] = paramTable[i].name
		}
	}
	if err := DefaultParams().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
