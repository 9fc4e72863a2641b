package gbdt

// paramSpec is one row of the parameter table: LightGBM's name and aliases,
// the range, and where the value lives in Params. The field is nil for a
// parameter of LightGBM that is accepted and changes nothing here.
type paramSpec struct {
	name     string
	aliases  []string
	field    func(*Params) any // *int, *float64, *bool, *string or *[]string
	low      float64
	high     float64
	openLow  bool // the lower bound itself is refused
	openHigh bool
	choices  map[string]string // accepted spelling → stored value
}

const unbounded = 1e300

// maxBinLimit is the most bins a column can have: a bin number is one byte.
const maxBinLimit = 256

// The limits on counts keep a mistyped figure from asking for all the memory.
const (
	maxLeavesLimit     = 131072
	maxIterationsLimit = 1000000
	maxClassLimit      = 10000
	maxThreadsLimit    = 1024
)

var paramTable = []paramSpec{
	{name: "objective", aliases: []string{"objective_type", "app", "application", "loss"},
		field: func(p *Params) any { return &p.Objective },
		choices: map[string]string{
			"regression": Regression, "regression_l2": Regression, "l2": Regression, "mean_squared_error": Regression,
			"mse": Regression, "l2_root": Regression, "root_mean_squared_error": Regression, "rmse": Regression,
			"binary": Binary, "multiclass": Multiclass, "softmax": Multiclass}},
	{name: "num_class", aliases: []string{"num_classes"}, field: func(p *Params) any { return &p.NumClass }, low: 1, high: maxClassLimit},
	{name: "boosting", aliases: []string{"boosting_type", "boost"}, field: func(p *Params) any { return &p.Boosting },
		choices: map[string]string{"gbdt": GBDT, "gbrt": GBDT, "rf": RandomForest, "random_forest": RandomForest}},
	{name: "metric", aliases: []string{"metrics", "metric_types"}, field: func(p *Params) any { return &p.Metric }},
	{name: "num_iterations", aliases: []string{"num_iteration", "n_iter", "num_tree", "num_trees", "num_round", "num_rounds", "nrounds",
		"num_boost_round", "n_estimators", "max_iter"}, field: func(p *Params) any { return &p.NumIterations }, low: 1, high: maxIterationsLimit},
	{name: "learning_rate", aliases: []string{"shrinkage_rate", "eta"}, field: func(p *Params) any { return &p.LearningRate }, openLow: true, high: unbounded},
	{name: "num_leaves", aliases: []string{"num_leaf", "max_leaves", "max_leaf", "max_leaf_nodes"},
		field: func(p *Params) any { return &p.NumLeaves }, low: 2, high: maxLeavesLimit},
	{name: "max_depth", field: func(p *Params) any { return &p.MaxDepth }, low: -unbounded, high: unbounded},
	{name: "min_data_in_leaf", aliases: []string{"min_data_per_leaf", "min_data", "min_child_samples", "min_samples_leaf"},
		field: func(p *Params) any { return &p.MinDataInLeaf }, high: unbounded},
	{name: "min_sum_hessian_in_leaf", aliases: []string{"min_sum_hessian_per_leaf", "min_sum_hessian", "min_hessian", "min_child_weight"},
		field: func(p *Params) any { return &p.MinSumHessianInLeaf }, high: unbounded},
	{name: "lambda_l1", aliases: []string{"reg_alpha", "l1_regularization"}, field: func(p *Params) any { return &p.LambdaL1 }, high: unbounded},
	{name: "lambda_l2", aliases: []string{"reg_lambda", "lambda", "l2_regularization"}, field: func(p *Params) any { return &p.LambdaL2 }, high: unbounded},
	{name: "min_gain_to_split", aliases: []string{"min_split_gain"}, field: func(p *Params) any { return &p.MinGainToSplit }, high: unbounded},
	{name: "max_bin", aliases: []string{"max_bins"}, field: func(p *Params) any { return &p.MaxBin }, low: 2, high: maxBinLimit},
	{name: "min_data_in_bin", field: func(p *Params) any { return &p.MinDataInBin }, low: 1, high: unbounded},
	{name: "bin_construct_sample_cnt", aliases: []string{"subsample_for_bin"}, field: func(p *Params) any { return &p.BinConstructSample }, low: 1, high: unbounded},
	{name: "feature_pre_filter", field: func(p *Params) any { return &p.FeaturePreFilter }},
	{name: "use_missing", field: func(p *Params) any { return &p.UseMissing }},
	{name: "boost_from_average", field: func(p *Params) any { return &p.BoostFromAverage }},
	{name: "sigmoid", field: func(p *Params) any { return &p.Sigmoid }, openLow: true, high: unbounded},
	{name: "is_unbalance", aliases: []string{"unbalance", "unbalanced_sets"}, field: func(p *Params) any { return &p.IsUnbalance }},
	{name: "scale_pos_weight", field: func(p *Params) any { return &p.ScalePosWeight }, openLow: true, high: unbounded},
	{name: "hist_precision", field: func(p *Params) any { return &p.HistPrecision },
		choices: map[string]string{"packed": PackedHistograms, "float64": Float64Histograms}},
	{name: "is_provide_training_metric", aliases: []string{"training_metric", "is_training_metric", "train_metric"},
		field: func(p *Params) any { return &p.ProvideTrainMetric }},
	{name: "min_data_per_group", field: func(p *Params) any { return &p.MinDataPerGroup }, low: 1, high: unbounded},
	{name: "max_cat_threshold", field: func(p *Params) any { return &p.MaxCatThreshold }, low: 1, high: unbounded},
	{name: "cat_l2", field: func(p *Params) any { return &p.CatL2 }, high: unbounded},
	{name: "cat_smooth", field: func(p *Params) any { return &p.CatSmooth }, high: unbounded},
	{name: "max_cat_to_onehot", field: func(p *Params) any { return &p.MaxCatToOnehot }, low: 1, high: unbounded},
	{name: "bagging_fraction", aliases: []string{"sub_row", "subsample", "bagging"},
		field: func(p *Params) any { return &p.BaggingFraction }, openLow: true, high: 1},
	{name: "bagging_freq", aliases: []string{"subsample_freq"}, field: func(p *Params) any { return &p.BaggingFreq }, high: unbounded},
	{name: "feature_fraction", aliases: []string{"sub_feature", "colsample_bytree"},
		field: func(p *Params) any { return &p.FeatureFraction }, openLow: true, high: 1},
	{name: "feature_fraction_bynode", aliases: []string{"sub_feature_bynode", "colsample_bynode"},
		field: func(p *Params) any { return &p.FeatureFractionByNode }, openLow: true, high: 1},
	{name: "early_stopping_round", aliases: []string{"early_stopping_rounds", "early_stopping", "n_iter_no_change"},
		field: func(p *Params) any { return &p.EarlyStoppingRound }, high: maxIterationsLimit},
	{name: "early_stopping_min_delta", field: func(p *Params) any { return &p.EarlyStoppingMinDelta }, high: unbounded},
	{name: "first_metric_only", field: func(p *Params) any { return &p.FirstMetricOnly }},
	{name: "seed", aliases: []string{"random_seed", "random_state"}, field: func(p *Params) any { return &p.Seed }, low: -unbounded, high: unbounded},
	{name: "num_threads", aliases: []string{"num_thread", "nthread", "nthreads", "n_jobs"},
		field: func(p *Params) any { return &p.NumThreads }, high: maxThreadsLimit},
	{name: "verbosity", aliases: []string{"verbose"}},
	{name: "deterministic"},
	{name: "force_col_wise"},
	{name: "force_row_wise"},
}
