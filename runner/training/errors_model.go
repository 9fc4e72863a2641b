package training

import (
	"errors"
	"fmt"

	"mlops/runner/config"
	"mlops/runner/gbdt"
	"mlops/runner/linear"
	"mlops/runner/neural"
)

// modelError is the part of [dataError] for the packages of models.
func modelError(err error) error {
	var feature *gbdt.FeatureError
	var column *linear.FeatureError
	var input *neural.FeatureError
	var diverged *neural.DivergedError
	switch {
	case errors.As(err, &feature):
		return &DataError{Column: feature.Feature, Reason: feature.Reason, Err: err}
	case errors.As(err, &column):
		return &DataError{Column: column.Feature, Reason: column.Reason, Err: err}
	case errors.As(err, &input):
		return &DataError{Column: input.Feature, Reason: input.Reason, Err: err}
	case errors.As(err, &diverged):
		return &DataError{Reason: fmt.Sprintf("the network does not learn: in epoch %d %s; %s", diverged.Epoch, diverged.What, diverged.Advice), Err: err}
	case errors.Is(err, gbdt.ErrNoUsableFeatures):
		return &DataError{Reason: "no feature can be used: each is constant, all missing, or has no split that leaves enough rows on both sides; give more rows, or lower min_data_in_leaf", Err: err}
	case errors.Is(err, linear.ErrOverflow):
		return &DataError{Reason: "the numbers of the features, the target or the weights are too large to compute with; scale them down", Err: err}
	case errors.Is(err, gbdt.ErrOneClass), errors.Is(err, linear.ErrOneClass):
		return &DataError{Reason: "the rows to train on hold only one class of the target", Err: err}
	case errors.Is(err, gbdt.ErrNoRows), errors.Is(err, linear.ErrNoRows):
		return &DataError{Reason: "there are no rows to train on", Err: err}
	}
	return err
}

// refusedTarget gives the target that a model cannot learn from.
func refusedTarget(err error) (value float64, reason string, ok bool) {
	var label *gbdt.LabelError
	var number *linear.TargetError
	var output *neural.TargetError
	switch {
	case errors.As(err, &label):
		return label.Value, label.Reason, true
	case errors.As(err, &number):
		return number.Value, number.Reason, true
	case errors.As(err, &output):
		return output.Value, output.Reason, true
	}
	return 0, "", false
}

// refusedWeights tells what is wrong with the weights of a part's rows.
func refusedWeights(err error) (reason string, ok bool) {
	var weight *gbdt.WeightError
	switch {
	case errors.As(err, &weight):
		return weight.Reason, true
	case errors.Is(err, linear.ErrZeroWeight), errors.Is(err, neural.ErrNoRows):
		return "the weights add up to 0", true
	}
	return "", false
}

// paramError gives a refused parameter its place in the configuration.
func paramError(cfg *config.Config, err error) error {
	var ofTrees *gbdt.ParamError
	var ofLine *linear.ParamError
	var ofNetwork *neural.ParamError
	switch {
	case errors.As(err, &ofTrees):
		return cfg.ErrorAt("training.params."+ofTrees.Key, "%s", ofTrees.Reason)
	case errors.As(err, &ofLine):
		return cfg.ErrorAt("training.params."+ofLine.Key, "%s", ofLine.Reason)
	case errors.As(err, &ofNetwork):
		return cfg.ErrorAt("training.params."+ofNetwork.Key, "%s", ofNetwork.Reason)
	}
	return err
}
