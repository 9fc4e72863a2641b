package gbdt

var coreParams = paramGroup{"Core", []paramSpec{
	choice("objective", "objective_type app application loss", Regression, map[string]string{
		"regression": Regression, "regression_l2": Regression, "l2": Regression, "mean_squared_error": Regression,
		"mse": Regression, "l2_root": Regression, "root_mean_squared_error": Regression, "rmse": Regression,
		"regression_l1": RegressionL1, "l1": RegressionL1, "mean_absolute_error": RegressionL1, "mae": RegressionL1,
		"huber": Huber, "fair": Fair, "poisson": Poisson, "quantile": Quantile, "gamma": Gamma, "tweedie": Tweedie,
		"mape": MAPE, "mean_absolute_percentage_error": MAPE,
		"binary": Binary, "multiclass": Multiclass, "softmax": Multiclass,
		"multiclassova": MulticlassOVA, "multiclass_ova": MulticlassOVA, "ova": MulticlassOVA, "ovr": MulticlassOVA,
		"cross_entropy": CrossEntropy, "xentropy": CrossEntropy, "lambdarank": LambdaRank,
		"custom": CustomLoss, "none": CustomLoss, "null": CustomLoss, "na": CustomLoss,
	}, func(p *Params) *string { return &p.Objective }, "the loss to minimize"),
	whole("num_class", "num_classes", 1, between(1, maxClassLimit), func(p *Params) *int { return &p.NumClass },
		"number of classes, or of outputs of a custom objective; else 1"),
	choice("boosting", "boosting_type boost", GBDT, map[string]string{"gbdt": GBDT, "gbrt": GBDT, "rf": RandomForest, "random_forest": RandomForest},
		func(p *Params) *string { return &p.Boosting }, "how trees are combined: gradient boosting or a random forest"),
	whole("num_iterations", "num_iteration n_iter num_tree num_trees num_round num_rounds nrounds num_boost_round n_estimators max_iter",
		100, between(1, maxIterationsLimit), func(p *Params) *int { return &p.NumIterations }, "rounds of boosting; each grows one tree an output"),
	number("learning_rate", "shrinkage_rate eta", 0.1, above(0), func(p *Params) *float64 { return &p.LearningRate },
		"factor on the values of each tree; a random forest does not use it"),
	whole("num_leaves", "num_leaf max_leaves max_leaf max_leaf_nodes", 31, between(2, maxLeavesLimit), func(p *Params) *int { return &p.NumLeaves },
		"most leaves of a tree"),
	whole("seed", "random_seed random_state", 0, anyNumber, func(p *Params) *int { return &p.Seed }, "decides everything that is drawn at random"),
	whole("num_threads", "num_thread nthread nthreads n_jobs", 0, between(0, maxThreadsLimit), func(p *Params) *int { return &p.NumThreads },
		"threads to use, 0 for as many as GOMAXPROCS; the model does not depend on it"),
	choice("hist_precision", "", PackedHistograms, map[string]string{"packed": PackedHistograms, "float64": Float64Histograms},
		func(p *Params) *string { return &p.HistPrecision },
		"how histograms are summed: as fixed-point numbers, fast and exact in any order, or as LightGBM does (own parameter)"),
}}

var treeParams = paramGroup{"Growing a tree", []paramSpec{
	whole("max_depth", "", -1, anyNumber, func(p *Params) *int { return &p.MaxDepth }, "deepest level of a leaf; 0 or less for no limit"),
	whole("min_data_in_leaf", "min_data_per_leaf min_data min_child_samples min_samples_leaf", 20, atLeast(0),
		func(p *Params) *int { return &p.MinDataInLeaf }, "fewest rows in a leaf"),
	number("min_sum_hessian_in_leaf", "min_sum_hessian_per_leaf min_sum_hessian min_hessian min_child_weight", 1e-3, atLeast(0),
		func(p *Params) *float64 { return &p.MinSumHessianInLeaf }, "least sum of hessians in a leaf"),
}}

var regularizationParams = paramGroup{"Regularization", []paramSpec{
	number("lambda_l1", "reg_alpha l1_regularization", 0, atLeast(0), func(p *Params) *float64 { return &p.LambdaL1 }, "L1 penalty on leaf values"),
	number("lambda_l2", "reg_lambda lambda l2_regularization", 0, atLeast(0), func(p *Params) *float64 { return &p.LambdaL2 }, "L2 penalty on leaf values"),
	number("min_gain_to_split", "min_split_gain", 0, atLeast(0), func(p *Params) *float64 { return &p.MinGainToSplit }, "least gain of a split"),
	whole("min_data_per_group", "", 100, atLeast(1), func(p *Params) *int { return &p.MinDataPerGroup }, "fewest rows of a group of categories"),
	whole("max_cat_threshold", "", 32, atLeast(1), func(p *Params) *int { return &p.MaxCatThreshold }, "most categories on the left side of a split"),
	number("cat_l2", "", 10, atLeast(0), func(p *Params) *float64 { return &p.CatL2 }, "L2 penalty in categorical splits, on top of lambda_l2"),
	number("cat_smooth", "", 10, atLeast(0), func(p *Params) *float64 { return &p.CatSmooth }, "dampens categories with little data"),
	whole("max_cat_to_onehot", "", 4, atLeast(1), func(p *Params) *int { return &p.MaxCatToOnehot },
		"with at most so many categories, splits take one of them against the others"),
}}

var samplingParams = paramGroup{"Sampling", []paramSpec{
	number("bagging_fraction", "sub_row subsample bagging", 1, fraction, func(p *Params) *float64 { return &p.BaggingFraction },
		"share of the rows that a tree is grown on; needs bagging_freq"),
	whole("bagging_freq", "subsample_freq", 0, atLeast(0), func(p *Params) *int { return &p.BaggingFreq }, "draw the rows anew every so many iterations; 0 never"),
	number("feature_fraction", "sub_feature colsample_bytree", 1, fraction, func(p *Params) *float64 { return &p.FeatureFraction },
		"share of the columns that a tree may use"),
	number("feature_fraction_bynode", "sub_feature_bynode colsample_bynode", 1, fraction, func(p *Params) *float64 { return &p.FeatureFractionByNode },
		"share of the columns that a split may use"),
}}

var dataParams = paramGroup{"Bins and missing values", []paramSpec{
	whole("max_bin", "max_bins", 255, between(2, maxBinLimit), func(p *Params) *int { return &p.MaxBin }, "most bins of a column"),
	whole("min_data_in_bin", "", 3, atLeast(1), func(p *Params) *int { return &p.MinDataInBin }, "fewest rows in a bin"),
	whole("bin_construct_sample_cnt", "subsample_for_bin", 200000, atLeast(1), func(p *Params) *int { return &p.BinConstructSample },
		"rows that decide the bins"),
	onOff("feature_pre_filter", "", true, func(p *Params) *bool { return &p.FeaturePreFilter }, "leave out columns that min_data_in_leaf keeps from ever being split"),
	onOff("use_missing", "", true, func(p *Params) *bool { return &p.UseMissing }, "learn where missing values go; otherwise they count as 0"),
}}

var objectiveParams = paramGroup{"Objective", []paramSpec{
	onOff("boost_from_average", "", true, func(p *Params) *bool { return &p.BoostFromAverage }, "start from the best constant instead of 0"),
	number("sigmoid", "", 1, above(0), func(p *Params) *float64 { return &p.Sigmoid }, "steepness of the sigmoid, for binary, multiclassova and lambdarank"),
	onOff("is_unbalance", "unbalance unbalanced_sets", false, func(p *Params) *bool { return &p.IsUnbalance },
		"weigh the classes so that both count the same, for binary and multiclassova; not with scale_pos_weight"),
	number("scale_pos_weight", "", 1, above(0), func(p *Params) *float64 { return &p.ScalePosWeight }, "weight of positive rows, for binary and multiclassova"),
	number("alpha", "", 0.9, above(0), func(p *Params) *float64 { return &p.Alpha }, "where huber turns linear; the percentile of quantile, below 1"),
	number("fair_c", "", 1, above(0), func(p *Params) *float64 { return &p.FairC }, "scale of the fair loss"),
	number("poisson_max_delta_step", "", 0.7, above(0), func(p *Params) *float64 { return &p.PoissonMaxDeltaStep }, "dampens the steps of poisson"),
	number("tweedie_variance_power", "", 1.5, limits{low: 1, high: 2, openLow: true, openHigh: true},
		func(p *Params) *float64 { return &p.TweedieVariancePower }, "from near 1, like poisson, to near 2, like gamma"),
	whole("lambdarank_truncation_level", "", 30, above(0), func(p *Params) *int { return &p.LambdarankTruncation },
		"how many rows at the top of a query lambdarank orders"),
	onOff("lambdarank_norm", "", true, func(p *Params) *bool { return &p.LambdarankNorm }, "let every query count about the same"),
	numbers("label_gain", "", atLeast(0), func(p *Params) *[]float64 { return &p.LabelGain }, "gain of each label, by default 2^label - 1 for labels up to 30"),
}}

var metricParams = paramGroup{"Evaluation", []paramSpec{
	names("metric", "metrics metric_types", func(p *Params) *[]string { return &p.Metric }, "figures to evaluate, by default the objective's own; none for nothing"),
	wholes("eval_at", "ndcg_eval_at ndcg_at map_eval_at map_at", []int{1, 2, 3, 4, 5}, above(0), func(p *Params) *[]int { return &p.EvalAt },
		"positions of ndcg and map"),
	whole("multi_error_top_k", "", 1, above(0), func(p *Params) *int { return &p.MultiErrorTopK }, "multi_error: how many of the likeliest classes may be the right one"),
	numbers("auc_mu_weights", "", atLeast(0), func(p *Params) *[]float64 { return &p.AUCMuWeights },
		"auc_mu: num_class × num_class costs of taking one class for another, row by row"),
	onOff("is_provide_training_metric", "training_metric is_training_metric train_metric", false, func(p *Params) *bool { return &p.ProvideTrainMetric },
		"evaluate on the training data too"),
	whole("early_stopping_round", "early_stopping_rounds early_stopping n_iter_no_change", 0, between(0, maxIterationsLimit),
		func(p *Params) *int { return &p.EarlyStoppingRound }, "stop where a validation metric has not improved for so many iterations; 0 never"),
	number("early_stopping_min_delta", "", 0, atLeast(0), func(p *Params) *float64 { return &p.EarlyStoppingMinDelta }, "least change that counts as an improvement"),
	onOff("first_metric_only", "", false, func(p *Params) *bool { return &p.FirstMetricOnly }, "only the first metric decides when to stop"),
}}

var otherParams = paramGroup{"Accepted without effect", []paramSpec{
	ignored("verbosity", "verbose", "nothing is printed"),
	ignored("deterministic", "", "every training is"),
	ignored("force_col_wise", "", "the layout is chosen by the data"),
	ignored("force_row_wise", "", "the layout is chosen by the data"),
}}
