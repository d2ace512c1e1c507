# SPDX-License-Identifier: MIT
"""What make_conformance appends to its own lists: schemes, parameters and names that came after
the first 200 queries."""

QUERIES = """
# Patterns: binary32, other types, shapes that are not square, parts.
shape=7,7&scheme=identity
shape=5,9&scheme=identity&gain=0.1&dtype=f64
shape=9,5&scheme=identity&gain=-3e0&dtype=i8
shape=6,6&scheme=identity&gain=255&dtype=u8&format=npy
shape=4,4&scheme=identity&dtype=bool&format=json
shape=4,0&scheme=identity&gain=-1
shape=3,4&scheme=identity&gain=-0&format=json&json=object
shape=1000,1000&scheme=identity&slice=500:503,499:504
shape=6,4,5&scheme=dirac
shape=8,3,4,5&scheme=dirac&dtype=bf16
shape=6,2,3,2,3&scheme=dirac&groups=3&dtype=f64
shape=12,8,1&scheme=dirac&groups=2&dtype=i64&format=json
shape=4,8,3,3&scheme=dirac&dtype=bool
shape=8,8,3,3&scheme=dirac&groups=4&permute=2,3,1,0&slice=1,::-1
shape=0,8,3&scheme=dirac&groups=5
shape=5,12&scheme=zero_hadamard
shape=12,5&scheme=zero_hadamard
shape=33,32&scheme=zero_hadamard&dtype=f64
shape=16,7&scheme=zero_hadamard&dtype=f8_e4m3
shape=9,1&scheme=zero_hadamard&dtype=f16&format=json
shape=7,7&scheme=zero_hadamard&dtype=u16
shape=100,64&scheme=zero_hadamard&slice=63:66,30:34
shape=2,0&scheme=zero_hadamard
shape=64&scheme=lstm_forget_bias
shape=12&scheme=lstm_forget_bias&value=2&dtype=i32&format=npy
shape=20&scheme=lstm_forget_bias&value=-0.1&dtype=f64
shape=8&scheme=lstm_forget_bias&dtype=bool&slice=1:5
shape=0&scheme=lstm_forget_bias
shape=2,3,4,4&scheme=bilinear
shape=1,2,5,5&scheme=bilinear&dtype=f64
shape=2,1,3,3&scheme=bilinear&dtype=f16&format=json
shape=3,3,1,1&scheme=bilinear
shape=2,2,7,7&scheme=bilinear&dtype=bf16&permute=3,0,1,2
shape=2,2,0,0&scheme=bilinear

# Sparse: odd shapes, ends of sparsity, types, parts.
shape=50,40&scheme=sparse&sparsity=0.1&seed=20&name=s
shape=7,3&scheme=sparse&sparsity=0.5&seed=21
shape=1,9&scheme=sparse&sparsity=0.5&seed=22
shape=2,9&scheme=sparse&sparsity=0.5&seed=23
shape=9,1&scheme=sparse&sparsity=0.3&seed=24&std=1
shape=100,11&scheme=sparse&sparsity=0.9&seed=25&dtype=f64
shape=64,13&scheme=sparse&sparsity=0.25&seed=26&dtype=bf16&format=npy
shape=31,5&scheme=sparse&sparsity=0.99&seed=27&dtype=f16
shape=31,5&scheme=sparse&sparsity=0.01&seed=27&dtype=f8_e5m2
shape=12,6&scheme=sparse&sparsity=0&seed=28
shape=12,6&scheme=sparse&sparsity=1&seed=28
shape=12,6&scheme=sparse&sparsity=0.5&std=0&seed=28
shape=0,6&scheme=sparse&sparsity=0.5
shape=6,0&scheme=sparse&sparsity=0.5
shape=3,4&scheme=sparse&sparsity=0.4&seed=29&format=json
shape=1000,1001&scheme=sparse&sparsity=0.7&seed=30&slice=-3:,::97
shape=1000,1001&scheme=sparse&sparsity=0.7&seed=30&shard=1:999/1001
shape=129,17&scheme=sparse&sparsity=0.6&seed=31&permute=1,0&shard=0:1/3
shape=4294967295,2&scheme=sparse&sparsity=0.5&seed=32&slice=4294967285:
shape=3,100000000000000000&scheme=sparse&sparsity=0.5&seed=33&slice=:,-5:

# Siren and recipes.
shape=64,2&scheme=siren&first=true&seed=40
shape=64,64&scheme=siren&seed=41
shape=64,64&scheme=siren&seed=41&omega=1.5&mode=fan_avg&dtype=f64
shape=3,3,8,16&scheme=siren&layout=io&seed=42&dtype=f16
shape=16&scheme=siren&fan_in=7&seed=43
shape=4,0&scheme=siren&first=true
shape=48,20&scheme=small_init&seed=44
shape=48,20&scheme=small_init&seed=44&d_model=512&dtype=f64
shape=20,48&scheme=small_init&seed=44&layout=io
shape=7&scheme=small_init&d_model=18446744073709551615&seed=45
shape=48,20&scheme=wang_init&layers=12&seed=46
shape=48,20&scheme=wang_init&layers=7&d_model=300&seed=46&dtype=f64
shape=4,0&scheme=wang_init&layers=3
shape=48,20&scheme=mitchell&seed=47
shape=48,20&scheme=mitchell&seed=47&layer=0
shape=48,20&scheme=mitchell&seed=47&layer=11&d_model=768&dtype=f64
shape=48,20&scheme=mitchell&layer=18446744073709551615&mode=fan_out&dtype=bf16
shape=48,20&scheme=gpt2_residual&layers=12&seed=48
shape=48,20&scheme=gpt2_residual&layers=48&std=0.01&seed=48&dtype=f64
shape=48,20&scheme=megatron_scaled&layers=24&seed=49
shape=48,20&scheme=megatron_scaled&layers=24&multiplier=1&std=0.006&seed=49&dtype=f16
shape=8,48&scheme=lora_a&seed=50
shape=8,48&scheme=lora_a&seed=50&mode=fan_out&dtype=f64

# Orthogonal: square, tall, flat; fewer and more columns than a block; types, layouts, parts.
shape=1,1&scheme=orthogonal&seed=110
shape=5,3&scheme=orthogonal&seed=111&name=o
shape=3,5&scheme=orthogonal&seed=112
shape=64,64&scheme=orthogonal&seed=113
shape=65,65&scheme=orthogonal&seed=114
shape=130,200&scheme=orthogonal&seed=115
shape=200,130&scheme=orthogonal&seed=116
shape=63,128&scheme=orthogonal&seed=117&gain=1.4142135623730951&dtype=f64
shape=129,66&scheme=orthogonal&seed=118&dtype=f64
shape=40,24&scheme=orthogonal&seed=119&dtype=f16&gain=-2
shape=40,24&scheme=orthogonal&seed=119&dtype=bf16&format=npy
shape=17,19&scheme=orthogonal&seed=120&dtype=f8_e5m2&gain=0
shape=16,8,3,3&scheme=orthogonal&seed=121
shape=3,3,8,16&scheme=orthogonal&seed=121&layout=io
shape=2,3,4&scheme=orthogonal&seed=122&layout=io&format=json
shape=7,1&scheme=orthogonal&seed=123
shape=1,300&scheme=orthogonal&seed=124&dtype=f64
shape=0,5&scheme=orthogonal
shape=5,0&scheme=orthogonal&layout=io
shape=100,90&scheme=orthogonal&seed=125&slice=::-13,7
shape=100,90&scheme=orthogonal&seed=125&permute=1,0&shard=0:2/4
shape=8,4,3&scheme=delta_orthogonal&seed=126
shape=3,4,8&scheme=delta_orthogonal&seed=126&layout=io
shape=20,20,3,3&scheme=delta_orthogonal&seed=127&gain=0.5&dtype=f64
shape=4,2,4,6,70&scheme=delta_orthogonal&seed=128&layout=io
shape=5,3,2,2&scheme=delta_orthogonal&seed=129&dtype=bf16&format=npy
shape=9,5,1&scheme=delta_orthogonal&seed=130&dtype=f16
shape=5,3,0&scheme=delta_orthogonal
shape=80,66,3&scheme=delta_orthogonal&seed=131&slice=...,1
shape=12,7&scheme=jax.orthogonal&seed=132&column_axis=0
shape=3,5,4&scheme=flax.orthogonal&seed=133&scale=2&column_axis=2
shape=12,7&scheme=haiku.Orthogonal&seed=134&axis=-2&dtype=f64
shape=3,4,8&scheme=jax.delta_orthogonal&seed=135&scale=3

# Axes of fans.
shape=6,5,4&scheme=he_normal&in_axis=0&out_axis=2&seed=51
shape=6,5,4&scheme=he_uniform&in_axis=0,1&seed=52
shape=6,5,4&scheme=glorot_normal&in_axis=-1&out_axis=-2&batch_axis=0&seed=53&dtype=f64
shape=6,5,4&scheme=glorot_uniform&batch_axis=none&seed=54
shape=6,5,4&scheme=lecun_normal&in_axis=none&out_axis=0,1,2&seed=55
shape=6&scheme=xavier_normal&in_axis=0&out_axis=none&seed=56
shape=scalar&scheme=xavier_uniform&in_axis=none&out_axis=none&seed=57
shape=6,5,4&scheme=kaiming_normal&out_axis=0&batch_axis=-1&fan_in=9&mode=fan_avg&seed=58
shape=6,5,4&scheme=glorot_normal&input_axes=0,1&output_axes=-1&seed=59
shape=6,5,4&scheme=glorot_uniform&input_axes=0&output_axes=0&seed=60&dtype=bf16
shape=6,5,4&scheme=lecun_uniform&input_axes=none&output_axes=2&seed=61
shape=40&scheme=variance_scaling&input_axes=0&output_axes=0&mode=fan_geo_avg&seed=62

# Names of frameworks with other parameters, and where their fans are.
shape=40&scheme=keras.HeNormal&seed=70
shape=40&scheme=keras.GlorotUniform&seed=71&fan_out=7
shape=scalar&scheme=keras.LecunNormal&seed=72
shape=6,0&scheme=keras.HeUniform&fan_in=3
shape=6,5,4&scheme=keras.GlorotNormal&input_axes=0,1&output_axes=2&seed=73
shape=6,5,4&scheme=keras.VarianceScaling&scale=2&mode=fan_out&distribution=untruncated_normal&seed=74
shape=6,5,4&scheme=keras.VarianceScaling&distribution=normal&seed=75
shape=40&scheme=haiku.VarianceScaling&mode=fan_avg&distribution=normal&seed=76
shape=40&scheme=haiku.UniformScaling&scale=0.5&seed=77
shape=6,5,4&scheme=haiku.UniformScaling&seed=78&dtype=f64
shape=6,5,4&scheme=haiku.TruncatedNormal&stddev=3&mean=1&seed=79
shape=9&scheme=haiku.RandomUniform&minval=-1&seed=80&format=json&json=object
shape=6,5,4&scheme=jax.variance_scaling&scale=2&mode=fan_geo_avg&distribution=normal&seed=81
shape=6,5,4&scheme=jax.he_normal&in_axis=0&out_axis=1&batch_axis=2&seed=82
shape=6,5,4&scheme=flax.lecun_normal&batch_axis=none&seed=83
shape=40&scheme=jax.glorot_normal&fan_in=40&fan_out=3&seed=84
shape=40&scheme=jax.truncated_normal&lower=-1&upper=3&stddev=2&seed=85
shape=40&scheme=flax.uniform&scale=2&seed=86
shape=40&scheme=tfjs.heNormal&seed=87
shape=scalar&scheme=tfjs.glorotUniform&seed=88
shape=2,2,2,2,2,2&scheme=tfjs.leCunNormal&seed=89
shape=2,2,2,2,2,2&scheme=tfjs.varianceScaling&mode=fanIn&fan_out=3&seed=90
shape=3,3,4,5&scheme=tfjs.varianceScaling&mode=fanAvg&distribution=uniform&scale=2&seed=91
shape=5,5&scheme=tfjs.identity&gain=0.5&dtype=f16
shape=8,6&scheme=torch.kaiming_uniform_&a=1&mode=fan_out&seed=92
shape=8,6&scheme=torch.kaiming_normal_&nonlinearity=tanh&seed=93
shape=8,6&scheme=torch.xavier_normal_&gain=2&seed=94
shape=8,6&scheme=torch.trunc_normal_&std=0.5&b=0.25&seed=95
shape=8,6&scheme=torch.uniform_&a=-1&seed=96
shape=6,2,3&scheme=torch.dirac_&groups=3&dtype=u8
shape=8&scheme=torch.constant_&val=-5&dtype=i16
shape=8&scheme=keras.Constant&dtype=i32

# Each name of torch.
shape=101&scheme=torch.uniform_&seed=101
shape=7,9&scheme=torch.uniform&seed=102
shape=101&scheme=torch.normal_&seed=103&dtype=f64
shape=7,9&scheme=torch.normal&seed=104
shape=101&scheme=torch.trunc_normal_&seed=105&dtype=bf16
shape=7,9&scheme=torch.constant_&val=-7
shape=101&scheme=torch.constant&val=-7&dtype=f16
shape=7,9&scheme=torch.ones_
shape=101&scheme=torch.zeros_
shape=9,9&scheme=torch.eye_
shape=9,9&scheme=torch.eye&dtype=f64
shape=2,2,3,3,3&scheme=torch.dirac_
shape=6,4,3&scheme=torch.dirac&dtype=bf16
shape=12,5,7&scheme=torch.xavier_uniform_&seed=114
shape=3,3,8,6&scheme=torch.xavier_uniform&seed=115&dtype=f16
shape=33,17&scheme=torch.xavier_normal_&seed=116
shape=12,5,7&scheme=torch.xavier_normal&seed=117
shape=3,3,8,6&scheme=torch.kaiming_uniform_&seed=118
shape=33,17&scheme=torch.kaiming_uniform&seed=119&dtype=f64
shape=12,5,7&scheme=torch.kaiming_normal_&seed=120
shape=3,3,8,6&scheme=torch.kaiming_normal&seed=121&dtype=bf16
shape=50,7&scheme=torch.sparse_&seed=122&sparsity=0.3
shape=50,7&scheme=torch.sparse&seed=123&sparsity=0.3&dtype=f16
shape=12,7&scheme=torch.orthogonal_&seed=140
shape=7,12&scheme=torch.orthogonal&seed=141

# Each name of keras.
shape=7,9&scheme=keras.Zeros
shape=101&scheme=keras.zeros
shape=7,9&scheme=keras.zero
shape=101&scheme=keras.Ones&dtype=f64
shape=7,9&scheme=keras.ones
shape=101&scheme=keras.one&dtype=bf16
shape=7,9&scheme=keras.Constant
shape=101&scheme=keras.constant&dtype=f16
shape=9,9&scheme=keras.Identity
shape=9,9&scheme=keras.IdentityInitializer
shape=9,9&scheme=keras.identity
shape=101&scheme=keras.RandomNormal&seed=135&dtype=f64
shape=7,9&scheme=keras.random_normal&seed=136
shape=101&scheme=keras.normal&seed=137&dtype=bf16
shape=7,9&scheme=keras.RandomUniform&seed=138
shape=101&scheme=keras.random_uniform&seed=139&dtype=f16
shape=7,9&scheme=keras.uniform&seed=140
shape=101&scheme=keras.TruncatedNormal&seed=141
shape=7,9&scheme=keras.truncated_normal&seed=142
shape=33,17&scheme=keras.VarianceScaling&seed=143&dtype=f64
shape=12,5,7&scheme=keras.variance_scaling&seed=144
shape=3,3,8,6&scheme=keras.GlorotUniform&seed=145&dtype=bf16
shape=33,17&scheme=keras.glorot_uniform&seed=146
shape=12,5,7&scheme=keras.GlorotNormal&seed=147&dtype=f16
shape=3,3,8,6&scheme=keras.glorot_normal&seed=148
shape=33,17&scheme=keras.LecunUniform&seed=149
shape=12,5,7&scheme=keras.lecun_uniform&seed=150
shape=3,3,8,6&scheme=keras.LecunNormal&seed=151&dtype=f64
shape=33,17&scheme=keras.lecun_normal&seed=152
shape=12,5,7&scheme=keras.HeUniform&seed=153&dtype=bf16
shape=3,3,8,6&scheme=keras.he_uniform&seed=154
shape=33,17&scheme=keras.HeNormal&seed=155&dtype=f16
shape=12,5,7&scheme=keras.he_normal&seed=156
shape=3,4,5&scheme=keras.Orthogonal&seed=142
shape=12,7&scheme=keras.orthogonal&seed=143
shape=7,12&scheme=keras.OrthogonalInitializer&seed=144
shape=3,4,5&scheme=keras.orthogonal_initializer&seed=145

# Each name of jax.
shape=101&scheme=jax.zeros
shape=7,9&scheme=jax.ones
shape=101&scheme=jax.constant&value=0.3&dtype=f16
shape=101&scheme=jax.uniform&seed=165
shape=101&scheme=jax.normal&seed=167&dtype=f64
shape=101&scheme=jax.truncated_normal&seed=169&dtype=bf16
shape=12,5,7&scheme=jax.variance_scaling&seed=171&dtype=f16
shape=33,17&scheme=jax.glorot_uniform&seed=173
shape=12,5,7&scheme=jax.xavier_uniform&seed=174
shape=12,5,7&scheme=jax.glorot_normal&seed=177&dtype=bf16
shape=3,3,8,6&scheme=jax.xavier_normal&seed=178
shape=3,3,8,6&scheme=jax.lecun_uniform&seed=181
shape=12,5,7&scheme=jax.lecun_normal&seed=183&dtype=f64
shape=33,17&scheme=jax.he_uniform&seed=185&dtype=bf16
shape=12,5,7&scheme=jax.kaiming_uniform&seed=186
shape=12,5,7&scheme=jax.he_normal&seed=189
shape=3,3,8,6&scheme=jax.kaiming_normal&seed=190
shape=12,7&scheme=jax.orthogonal&seed=146
shape=3,4,6&scheme=jax.delta_orthogonal&seed=148

# Each name of flax.
shape=101&scheme=flax.zeros&dtype=f64
shape=7,9&scheme=flax.zeros_init
shape=101&scheme=flax.ones&dtype=bf16
shape=7,9&scheme=flax.ones_init
shape=7,9&scheme=flax.constant&value=0.3
shape=7,9&scheme=flax.uniform&seed=166
shape=7,9&scheme=flax.normal&seed=168
shape=7,9&scheme=flax.truncated_normal&seed=170
shape=3,3,8,6&scheme=flax.variance_scaling&seed=172
shape=3,3,8,6&scheme=flax.glorot_uniform&seed=175&dtype=f64
shape=33,17&scheme=flax.xavier_uniform&seed=176
shape=33,17&scheme=flax.glorot_normal&seed=179&dtype=f16
shape=12,5,7&scheme=flax.xavier_normal&seed=180
shape=33,17&scheme=flax.lecun_uniform&seed=182
shape=3,3,8,6&scheme=flax.lecun_normal&seed=184
shape=3,3,8,6&scheme=flax.he_uniform&seed=187&dtype=f16
shape=33,17&scheme=flax.kaiming_uniform&seed=188
shape=33,17&scheme=flax.he_normal&seed=191&dtype=f64
shape=12,5,7&scheme=flax.kaiming_normal&seed=192
shape=7,12&scheme=flax.orthogonal&seed=147
shape=3,4,6&scheme=flax.delta_orthogonal&seed=149

# Each name of haiku.
shape=101&scheme=haiku.Constant&constant=2.5&dtype=bf16
shape=9,9&scheme=haiku.Identity
shape=101&scheme=haiku.RandomNormal&seed=195&dtype=f16
shape=7,9&scheme=haiku.RandomUniform&seed=196
shape=101&scheme=haiku.TruncatedNormal&seed=197
shape=12,5,7&scheme=haiku.VarianceScaling&seed=198
shape=3,3,8,6&scheme=haiku.UniformScaling&seed=199&dtype=f64
shape=7,12&scheme=haiku.Orthogonal&seed=150

# Each name of tfjs.
shape=7,9&scheme=tfjs.zeros
shape=101&scheme=tfjs.Zeros&dtype=bf16
shape=7,9&scheme=tfjs.ones
shape=101&scheme=tfjs.Ones&dtype=f16
shape=7,9&scheme=tfjs.constant&value=0.3
shape=101&scheme=tfjs.Constant&value=0.3
shape=9,9&scheme=tfjs.identity
shape=9,9&scheme=tfjs.Identity&dtype=f64
shape=7,9&scheme=tfjs.randomUniform&seed=208
shape=101&scheme=tfjs.RandomUniform&seed=209&dtype=bf16
shape=7,9&scheme=tfjs.randomNormal&seed=210
shape=101&scheme=tfjs.RandomNormal&seed=211&dtype=f16
shape=7,9&scheme=tfjs.truncatedNormal&seed=212
shape=101&scheme=tfjs.TruncatedNormal&seed=213
shape=3,3,8,6&scheme=tfjs.varianceScaling&seed=214
shape=33,17&scheme=tfjs.VarianceScaling&seed=215&dtype=f64
shape=12,5,7&scheme=tfjs.glorotUniform&seed=216
shape=3,3,8,6&scheme=tfjs.GlorotUniform&seed=217&dtype=bf16
shape=33,17&scheme=tfjs.heUniform&seed=218
shape=12,5,7&scheme=tfjs.HeUniform&seed=219&dtype=f16
shape=3,3,8,6&scheme=tfjs.leCunUniform&seed=220
shape=33,17&scheme=tfjs.LeCunUniform&seed=221
shape=12,5,7&scheme=tfjs.glorotNormal&seed=222
shape=3,3,8,6&scheme=tfjs.GlorotNormal&seed=223&dtype=f64
shape=33,17&scheme=tfjs.heNormal&seed=224
shape=12,5,7&scheme=tfjs.HeNormal&seed=225&dtype=bf16
shape=3,3,8,6&scheme=tfjs.leCunNormal&seed=226
shape=33,17&scheme=tfjs.LeCunNormal&seed=227&dtype=f16
shape=3,4,5&scheme=tfjs.orthogonal&seed=151
shape=12,7&scheme=tfjs.Orthogonal&seed=152
"""

REFUSALS = """
shape=3,3&scheme=keras	scheme
shape=3,3&scheme=keras.	scheme
shape=3,3&scheme=keras.HENormal	scheme
shape=3,3&scheme=torch.HeNormal	scheme
shape=3,3&scheme=keras.HeNormal&layout=io	layout
shape=3,3&scheme=keras.HeNormal&truncation=2	truncation
shape=3,3&scheme=keras.RandomNormal&std=1	std
shape=3,3&scheme=keras.RandomNormal&fan_in=1	fan_in
shape=3,3&scheme=normal&stddev=1	stddev
shape=3,3&scheme=keras.RandomNormal&stddev=-1	stddev
shape=3,3&scheme=keras.VarianceScaling&mode=fanIn	mode
shape=3,3&scheme=keras.VarianceScaling&mode=fan_geo_avg	mode
shape=3,3&scheme=haiku.VarianceScaling&distribution=untruncated_normal	distribution
shape=3,3&scheme=torch.kaiming_normal_&mode=fan_avg	mode
shape=3,3&scheme=tfjs.varianceScaling&mode=fan_in	mode
shape=3,3&scheme=tfjs.varianceScaling&distribution=truncated_normal	distribution
shape=3,3&scheme=variance_scaling&mode=fanIn	mode
shape=3,3&scheme=variance_scaling&distribution=normal	distribution
shape=3,3&scheme=jax.variance_scaling&mode=fanIn	mode
shape=3,3&scheme=keras.VarianceScaling&scale=0	scale
shape=3,3&scheme=keras.HeNormal&input_axes=0	output_axes
shape=3,3&scheme=jax.he_normal&in_axis=2	in_axis
shape=3,3&scheme=jax.he_normal&in_axis=0,-2	in_axis
shape=3,3&scheme=jax.he_normal&batch_axis=0	batch_axis
shape=3&scheme=jax.he_normal	shape
shape=3&scheme=torch.xavier_uniform_	shape
shape=3,3&scheme=torch.kaiming_normal_&a=1&nonlinearity=relu	a
shape=3,3&scheme=torch.uniform_&a=1	a
shape=3,3&scheme=torch.trunc_normal_&std=0	std
shape=3,3&scheme=torch.trunc_normal_&a=3	a
shape=3,3&scheme=torch.constant_	val
shape=3,3&scheme=torch.constant_&val=1.5&dtype=i32	val
shape=3,3&scheme=torch.sparse_	sparsity
shape=3,3&scheme=torch.sparse_&sparsity=1.5	sparsity
shape=3,3&scheme=torch.dirac_	shape
shape=3,3&scheme=jax.constant	value
shape=3,3&scheme=haiku.Constant&value=1	value
shape=3,3&scheme=jax.truncated_normal&lower=3	lower
shape=3,3&scheme=jax.truncated_normal&upper=-3	upper
shape=3,3&scheme=jax.truncated_normal&lower=6.1&upper=7	lower
shape=3,4&scheme=tfjs.identity	shape
shape=3,3,3&scheme=tfjs.identity	shape
shape=3,3&scheme=he_normal&in_axis=0&layout=io	in_axis
shape=3,3&scheme=he_normal&in_axis=0&input_axes=0&output_axes=0	input_axes
shape=3,3&scheme=he_normal&input_axes=0	output_axes
shape=3,3&scheme=he_normal&output_axes=0	input_axes
shape=3,3&scheme=keras.HeNormal&output_axes=0	input_axes
shape=3&scheme=tfjs.glorotNormal&fan_in=3	shape
shape=3,3&scheme=he_normal&input_axes=0,0&output_axes=0	input_axes
shape=3,3&scheme=he_normal&in_axis=0&fan_in=3&fan_out=3	in_axis
shape=3,3&scheme=he_normal&in_axis=	in_axis
shape=3,3&scheme=he_normal&in_axis=a	in_axis
shape=3,3&scheme=he_normal&in_axis=none,0	in_axis
shape=3&scheme=he_normal&out_axis=0	out_axis
shape=3,3&scheme=he_normal&batch_axis=0	batch_axis
shape=3,3&scheme=normal&in_axis=0	in_axis
shape=3&scheme=identity	shape
shape=3,3,3&scheme=identity	shape
shape=3,3&scheme=identity&gain=1.5&dtype=i8	gain
shape=3,3&scheme=identity&gain=128&dtype=i8	gain
shape=3,3&scheme=identity&gain=-1&dtype=u8	gain
shape=3,3&scheme=identity&gain=2&dtype=bool	gain
shape=3,3&scheme=identity&gain=9007199254740992&dtype=i64	gain
shape=3,3&scheme=identity&gain=1e39	dtype
shape=3,3&scheme=dirac	shape
shape=3,3,3,3,3,3&scheme=dirac	shape
shape=3,3,3&scheme=dirac&groups=2	groups
shape=3,3,3&scheme=dirac&layout=io	layout
shape=3&scheme=zero_hadamard	shape
shape=4,3&scheme=zero_hadamard&dtype=i8	dtype
shape=4,4&scheme=lstm_forget_bias	shape
shape=6&scheme=lstm_forget_bias	shape
shape=8&scheme=lstm_forget_bias&value=1.5&dtype=i8	value
shape=8&scheme=lstm_forget_bias&value=70000&dtype=f16	dtype
shape=3,3&scheme=bilinear	shape
shape=2,2,3,4&scheme=bilinear	shape
shape=2,2,3,3&scheme=bilinear&dtype=i8	dtype
shape=3&scheme=sparse&sparsity=0.5	shape
shape=3,3&scheme=sparse	sparsity
shape=3,3&scheme=sparse&sparsity=-0.1	sparsity
shape=3,3&scheme=sparse&sparsity=0.5&std=-1	std
shape=3,3&scheme=sparse&sparsity=0.5&dtype=i8	dtype
shape=3,3&scheme=sparse&sparsity=0.5&std=1e38	dtype
shape=4294967296,1&scheme=sparse&sparsity=0.5	shape
shape=0,288230376151711745&scheme=sparse&sparsity=0.5	shape
shape=3,3&scheme=siren&omega=0	omega
shape=3,3&scheme=siren&first=true&omega=30	omega
shape=3,3&scheme=siren&omega=1e-300	dtype
shape=3&scheme=siren	shape
shape=3,3&scheme=small_init&d_model=0	d_model
shape=3,3&scheme=small_init&d_model=3&mode=fan_in	mode
shape=3,3&scheme=small_init&d_model=3&fan_in=3	fan_in
shape=3,3&scheme=small_init&d_model=3&in_axis=0	in_axis
shape=3,3&scheme=wang_init	layers
shape=3,3&scheme=wang_init&layers=0	layers
shape=3,3&scheme=mitchell&layer=-1	layer
shape=3,3&scheme=mitchell&layers=1	layers
shape=3,3&scheme=gpt2_residual	layers
shape=3,3&scheme=gpt2_residual&layers=1&multiplier=2	multiplier
shape=3,3&scheme=gpt2_residual&layers=1&std=-1	std
shape=3,3&scheme=megatron_scaled&layers=1&multiplier=0	multiplier
shape=3,3&scheme=megatron_scaled&layers=1&multiplier=1e-300	dtype
shape=3,3&scheme=lora_a&nonlinearity=relu	nonlinearity
shape=3&scheme=orthogonal	shape
shape=16385,16385&scheme=orthogonal	shape
shape=3,3&scheme=orthogonal&dtype=i8	dtype
shape=3,3&scheme=orthogonal&groups=1	groups
shape=3,3&scheme=orthogonal&layout=hwio	layout
shape=3,3&scheme=orthogonal&gain=3.4e38	dtype
shape=3,3&scheme=delta_orthogonal	shape
shape=3,3,3,3,3,3&scheme=delta_orthogonal	shape
shape=3,4,3&scheme=delta_orthogonal	shape
shape=3,4,3&scheme=delta_orthogonal&layout=io	shape
shape=3,4,3&scheme=jax.orthogonal&column_axis=1	column_axis
shape=3,4,3&scheme=jax.orthogonal&column_axis=3	column_axis
shape=3,4,3&scheme=jax.orthogonal&axis=0	axis
shape=3,4,3&scheme=haiku.Orthogonal&axis=-2	axis
shape=3,4,3&scheme=haiku.Orthogonal&axis=1.5	axis
shape=3,3&scheme=torch.orthogonal_&layout=io	layout
"""

CANONICAL = """
shape=3,3&scheme=keras.HeNormal
shape=3&scheme=keras.HeNormal&fan_in=7
shape=3&scheme=keras.VarianceScaling&distribution=normal&mode=fan_avg
shape=3,3&scheme=keras.VarianceScaling&distribution=untruncated_normal&input_axes=-1&output_axes=0,1
shape=3,3&scheme=keras.RandomNormal
shape=3,3&scheme=keras.TruncatedNormal&stddev=1
shape=3,3&scheme=keras.constant
shape=3,3&scheme=keras.RandomUniform&maxval=1
shape=3,3&scheme=torch.normal_
shape=3,3&scheme=torch.trunc_normal_
shape=3,3&scheme=torch.kaiming_uniform_&a=0
shape=3,3&scheme=torch.kaiming_uniform_&a=2.23606797749979&nonlinearity=leaky_relu
shape=3,3&scheme=torch.xavier_uniform_
shape=3,3&scheme=torch.constant_&val=1.50
shape=3,3&scheme=jax.truncated_normal
shape=3,3&scheme=jax.truncated_normal&lower=-1&upper=2.5
shape=3,3&scheme=jax.uniform
shape=3,3&scheme=flax.he_normal
shape=3,3&scheme=flax.he_normal&in_axis=-1&out_axis=0
shape=3,3&scheme=flax.he_normal&batch_axis=none
shape=3,3&scheme=haiku.VarianceScaling&distribution=uniform
shape=3&scheme=haiku.UniformScaling
shape=3,3&scheme=haiku.UniformScaling&scale=2
shape=3,3&scheme=tfjs.varianceScaling
shape=3,3&scheme=tfjs.varianceScaling&distribution=uniform&mode=fanOut
shape=3&scheme=tfjs.glorotNormal
shape=0&scheme=tfjs.glorotNormal
shape=3,3&scheme=tfjs.identity
shape=3,3&scheme=identity&gain=1.0
shape=3,3&scheme=identity&gain=-0
shape=3,3,3&scheme=dirac&groups=1
shape=3,3,3&scheme=dirac&groups=03
shape=4&scheme=lstm_forget_bias&value=1.0
shape=4&scheme=lstm_forget_bias&value=%2B2
shape=3,3&scheme=sparse&sparsity=.50&std=0.010
shape=3,3&scheme=siren&omega=30.0&first=0
shape=3,3&scheme=siren&first=1
shape=3,3&scheme=small_init&d_model=0512
shape=3,3&scheme=wang_init&layers=012
shape=3,3&scheme=mitchell&layer=00
shape=3,3&scheme=gpt2_residual&layers=12&std=2e-2
shape=3,3&scheme=megatron_scaled&layers=12&multiplier=2
shape=3,3&scheme=orthogonal&layout=oi&gain=1
shape=3,3&scheme=keras.Orthogonal
shape=3,3&scheme=jax.orthogonal
shape=3,3&scheme=jax.orthogonal&column_axis=-2&scale=2
shape=3,3,3&scheme=flax.delta_orthogonal
shape=3,3&scheme=haiku.Orthogonal&axis=1
shape=3,3&batch_axis=none
shape=3,3&in_axis=-2&out_axis=-1&batch_axis=none
shape=3,3&in_axis=none
shape=3,3&input_axes=none&output_axes=none
shape=3,3,3&input_axes=-1,-3&output_axes=1
"""
