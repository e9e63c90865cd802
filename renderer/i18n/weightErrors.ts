/**
 * Errors of weights, heads, measurements and broken files in Chinese: the third part of the list in `serviceWords.ts`, same rules. First whole
 * sentences, then the reasons that stand inside them.
 */

/** English sentences with their Chinese; what begins with a hole stands after what is more precise. */
export const WEIGHT_SENTENCES: readonly (readonly [string, string])[] = [
  [
    '{file} would run code when it is loaded: it asks for “{global}”. Nothing was run and nothing was read. Use only files from a source you trust, and ask there for the weights alone (safetensors, or torch.save of a state_dict).',
    '{file} 在加载时会运行代码：它要求“{global}”。没有运行也没有读取任何内容。请只使用可信来源的文件，并向其索取纯权重（safetensors，或用 torch.save 保存的 state_dict）。',
  ],
  [
    '{file} holds no weights: a state_dict (names with tensors) was expected. Save model.state_dict() with torch.save.',
    '{file} 中没有权重：应为 state_dict（名称与张量）。请用 torch.save 保存 model.state_dict()。',
  ],
  ['{file} does not fit this encoder ({reasons}). {advice}', '{file} 与此编码器不符（{reasons}）。{advice}'],
  [
    '{file}: the tensor “{name}” holds values that are not numbers. Use another checkpoint.',
    '{file}：张量“{name}”含有非数值。请使用其他检查点。',
  ],
  [
    '{file}: the tensor “{name}” of shape [{shape}] needs {expected} bytes and has {count}. The file is damaged.',
    '{file}：形状为 [{shape}] 的张量“{name}”需要 {expected} 字节，实际为 {count}。文件已损坏。',
  ],
  [
    "{file} is not a G-TAD checkpoint ({reason}). Choose a checkpoint of the G-TAD authors' code.",
    '{file} 不是 G-TAD 检查点（{reason}）。请选择由 G-TAD 作者代码生成的检查点。',
  ],
  [
    '{file} is not an array that can be read: {what}. Save it with numpy.save.',
    '{file} 不是可读取的数组：{what}。请用 numpy.save 保存。',
  ],
  [
    '{file} is not a sound safetensors file: {what}. Fetch or export it again.',
    '{file} 不是完好的 safetensors 文件：{what}。请重新下载或导出。',
  ],
  [
    '{file} cannot be read: {what} (byte {at}). The file is damaged or not a PyTorch checkpoint.',
    '无法读取 {file}：{what}（第 {at} 字节）。文件已损坏，或不是 PyTorch 检查点。',
  ],
  [
    '{file} cannot be read: {what}. It is damaged or was not copied whole; fetch it again.',
    '无法读取 {file}：{what}。文件已损坏或没有完整复制，请重新获取。',
  ],
  [
    '{file} is not a PyTorch checkpoint. Files made by torch.save and safetensors can be read.',
    '{file} 不是 PyTorch 检查点。可读取 torch.save 生成的文件和 safetensors。',
  ],
  [
    '{file} is a ZIP file without data.pkl, so it is no PyTorch checkpoint. Check that it is the right file.',
    '{file} 是不含 data.pkl 的 ZIP 文件，因此不是 PyTorch 检查点。请确认文件是否正确。',
  ],
  [
    '{file} is a TorchScript program, which holds code. Save its weights with torch.save(model.state_dict()) instead.',
    '{file} 是含有代码的 TorchScript 程序。请改用 torch.save(model.state_dict()) 保存其权重。',
  ],
  [
    '{file} is a Python pickle, but not a PyTorch checkpoint. Nothing was run. Files made by torch.save and safetensors can be read.',
    '{file} 是 Python pickle，但不是 PyTorch 检查点。没有运行任何内容。可读取 torch.save 生成的文件和 safetensors。',
  ],
  [
    'The weights are larger than 4 GiB; write them as safetensors.',
    '权重超过 4 GiB，请以 safetensors 格式写入。',
  ],
  // Encoders and heads
  ['There is no encoder "{name}". Choose one of: {names}.', '没有编码器“{name}”。可选：{names}。'],
  [
    "The encoder's description contradicts itself: {stages} stages, {widths} widths, {channels} feature channels where the last stage gives {last}.",
    '编码器的描述自相矛盾：{stages} 个阶段，{widths} 个宽度，特征为 {channels} 个通道，而最后阶段输出 {last} 个。',
  ],
  [
    'R(2+1)D encoders are built of basic blocks; set "block" to "basic".',
    'R(2+1)D 编码器由 basic 块组成，请将 "block" 设为 "basic"。',
  ],
  ['The encoder\'s parameter "{name}" is missing.', '缺少编码器参数“{name}”。'],
  [
    'The encoder\'s parameter "{name}" has the shape [{shape}]; [{needed}] is needed.',
    '编码器参数“{name}”的形状为 [{shape}]，应为 [{needed}]。',
  ],
  ['The head\'s parameter "{name}" is missing.', '缺少检测头参数“{name}”。'],
  [
    'The head takes features of {wanted} channels, these have {channels}. They come from another encoder.',
    '检测头需要 {wanted} 个通道的特征，这些特征有 {channels} 个，来自另一个编码器。',
  ],
  [
    'The batch says {items} × {steps} × {channels} but its arrays have other sizes.',
    '该批次标明为 {items} × {steps} × {channels}，但数组大小不同。',
  ],
  ['The covered map has {count} steps, not {steps}.', '完整标注的标记有 {count} 步，应为 {steps} 步。'],
  [
    'The features hold values that are not numbers. Extract the features of this video again.',
    '特征含有非数值。请重新提取该视频的特征。',
  ],
  ['A sequence claims {length} valid steps of {steps}.', '某序列标明 {steps} 步中有 {length} 步有效。'],
  // Measurements
  [
    'The ground truth has no segments, so there is nothing to find. Check the file and the subset.',
    '真值中没有片段，因此没有可检出的内容。请检查文件和集合。',
  ],
  [
    'The ground truth has no segments, so there is nothing to measure against. Check the file and the subset.',
    '真值中没有片段，因此无法对照评估。请检查文件和集合。',
  ],
  ['There are no proposals to evaluate. Check the file.', '没有可评估的候选。请检查文件。'],
  ['{message} Correct the file and try again.', '{message}请更正文件后重试。'],
  [
    'A ground-truth segment of video {video} has a time that is not a number.',
    '视频 {video} 的一个真值片段的时间不是数值。',
  ],
  [
    'A prediction of video {video} has a time or score that is not a number.',
    '视频 {video} 的一个预测的时间或分数不是数值。',
  ],
  // Reasons: an encoder that does not fit
  ['its names are not those of TSM, torchvision or MMAction2', '其名称不属于 TSM、torchvision 或 MMAction2'],
  ['missing: {names}; {rest}', '缺少：{names}；{rest}'],
  ['missing: {names}', '缺少：{names}'],
  ['of another shape: {names}; {rest}', '形状不同：{names}；{rest}'],
  ['of another shape: {names}', '形状不同：{names}'],
  ['unexpected: {names}', '多余：{names}'],
  [
    'It is a checkpoint of {one} or {other}; choose that.',
    '这是 {one} 或 {other} 的检查点，请选择该编码器。',
  ],
  ['It is a checkpoint of {name}; choose that.', '这是 {name} 的检查点，请选择该编码器。'],
  ['Choose a checkpoint of this encoder.', '请选择此编码器的检查点。'],
  ['its names are others', '其名称不同'],
  ['these do not fit: {names}', '以下不符：{names}'],
  // Reasons: a file that is damaged
  ['it is too short', '文件过短'],
  ['its header is longer than the file', '文件头比文件还长'],
  ['its header is cut off', '文件头不完整'],
  ['its header is malformed or its type is not a number', '文件头格式不正确，或类型不是数值'],
  ['its header is not JSON', '文件头不是 JSON'],
  ['it does not begin as a .npy file', '开头不是 .npy 文件'],
  ['its number type “{type}” is not supported', '不支持数值类型“{type}”'],
  [
    'its shape [{shape}] needs {needed} bytes and it has {count}',
    '形状 [{shape}] 需要 {needed} 字节，实际为 {count}',
  ],
  ['the tensor “{name}” lies beyond its end', '张量“{name}”超出文件末尾'],
  ['the tensor “{name}” overlaps another', '张量“{name}”与其他张量重叠'],
  [
    'the tensor “{name}” has the number type {type}, which is not supported',
    '张量“{name}”的数值类型 {type} 不受支持',
  ],
  ['the entry of the tensor “{name}” is malformed', '张量“{name}”的条目格式不正确'],
  ['a tensor has a size that is no whole number', '有张量的大小不是整数'],
  ['a tensor has no shape', '有张量没有形状'],
  ['a tensor has no storage', '有张量没有存储'],
  ['the shape and strides of a tensor differ in length', '有张量的形状与步幅长度不同'],
  ['a storage is named in a way that is not known', '有存储的命名方式未知'],
  ['it uses storage views, as only very old PyTorch wrote them', '使用了仅由很旧的 PyTorch 写入的存储视图'],
  ['a tensor of shape [{shape}] is larger than its storage', '形状为 [{shape}] 的张量大于其存储'],
  ['it is nested too deeply', '嵌套过深'],
  ['a tensor is impossibly large', '有张量大得不合理'],
  ['it was written on a big-endian machine', '文件写于大端序机器'],
  ['the storage {key} is missing', '缺少存储 {key}'],
  ['the storage {key} is cut off', '存储 {key} 不完整'],
  [
    'the storage {key} has {count} bytes and should have {needed}',
    '存储 {key} 有 {count} 字节，应为 {needed}',
  ],
  ['its version is not {version}', '版本不是 {version}'],
  ['its directory is missing', '缺少目录'],
  ['its directory is broken', '目录已损坏'],
  ['its directory is cut off', '目录不完整'],
  ['“{name}” uses a compression that is not known ({method})', '“{name}”的压缩方式未知（{method}）'],
  ['the sizes of “{name}” contradict each other', '“{name}”的大小自相矛盾'],
  ['the size of “{name}” is impossible', '“{name}”的大小不合理'],
  ['the checksum of “{name}” differs', '“{name}”的校验和不符'],
  ['“{name}” is not where it should be', '“{name}”不在应有的位置'],
  ['“{name}” is cut off', '“{name}”不完整'],
  ['“{name}” does not unpack', '“{name}”无法解压'],
  // Reasons: a pickle that is damaged
  ['it ends too early', '提前结束'],
  ['a line never ends', '有一行没有结束'],
  ['its stack is empty', '栈为空'],
  ['a mark is missing', '缺少标记'],
  ['a global has no name', '有全局对象没有名称'],
  ['something that is no function is called', '调用了非函数的对象'],
  ['arguments are missing', '缺少参数'],
  ['items are set on something else', '对其他对象设置了条目'],
  ['items are appended to something else', '对其他对象追加了条目'],
  ['items are added to something that is no set', '对非集合的对象添加了条目'],
  ['it recalls what it never kept', '引用了从未存入的内容'],
  ['its pickle protocol is newer than 5', 'pickle 协议高于 5'],
  ['a whole number is malformed', '有整数格式不正确'],
  ['the opcode {code} is unknown', '操作码 {code} 未知'],
  // Reasons: text that is not JSON
  ['a text without its closing quote', '文本缺少结束引号'],
  ['a control character in a text', '文本中有控制字符'],
  ['a broken {kind} escape', '{kind} 转义不完整'],
  ['an unknown escape', '未知的转义'],
  ['more than {count} levels of nesting', '嵌套超过 {count} 层'],
  ['a key was expected', '此处应为键'],
  ['a colon was expected', '此处应为冒号'],
  ['a comma or } was expected', '此处应为逗号或 }'],
  ['a comma or ] was expected', '此处应为逗号或 ]'],
  ['the end came too early', '内容提前结束'],
  ['a value was expected', '此处应为值'],
  ['something follows the document', '文档之后还有内容'],
  // What a list leaves out, and a shape beside the one that is needed
  ['{shown} and {count} more', '{shown} 等（另有 {count} 个）'],
  ['{found} instead of {needed}', '{found}（应为）{needed}'],
];
