/**
 * Errors of the service in Chinese: the second half of the list in `serviceWords.ts`, same rules. A test holds every error of the service
 * that is about something a person can mend (anything but `internal` and `wrong-usage`) against this list.
 */

/** English sentences with their Chinese; what begins with a hole stands after what is more precise. */
export const ERROR_SENTENCES: readonly (readonly [string, string])[] = [
  // Projects
  ['No project is open. Open one or create one.', '没有打开的项目。请打开或新建一个项目。'],
  ['No project is open.', '没有打开的项目。'],
  ['The project was closed.', '项目已关闭。'],
  ['This project cannot be changed. {reason}', '此项目无法更改。{reason}'],
  ['It is open for writing in {owner}; here it can only be read.', '它正在{owner}中编辑，此处只能查看。'],
  ['another program (process {id} on {host})', '另一个程序（{host} 上的进程 {id}）'],
  ['another program', '另一个程序'],
  ['Its folder cannot be written; here it can only be read.', '其文件夹不可写，此处只能查看。'],
  [
    '{dir} holds a project already. Open it, or choose another folder.',
    '{dir} 中已有项目。请打开它，或选择其他文件夹。',
  ],
  ['{dir} is not a folder. Choose another place.', '{dir} 不是文件夹。请选择其他位置。'],
  [
    'The disk that holds {dir} is full. Nothing was lost; free some space and try again.',
    '{dir} 所在磁盘已满。没有丢失任何内容，请腾出空间后重试。',
  ],
  ['The disk that holds {dir} is full.', '{dir} 所在磁盘已满。'],
  ['{dir} cannot be written. Choose another folder.', '{dir} 不可写。请选择其他文件夹。'],
  ['{dir} cannot be written. Choose another place.', '{dir} 不可写。请选择其他位置。'],
  [
    "{file} cannot be written. Check the folder's permissions or copy the project elsewhere.",
    '{file} 不可写。请检查文件夹权限，或将项目复制到其他位置。',
  ],
  [
    'Another program holds {file} locked. Close it and try again.',
    '另一个程序锁定了 {file}。请关闭该程序后重试。',
  ],
  [
    '{dir} is not a LoFi Studio project: it has no project.sqlite.',
    '{dir} 不是 LoFi Studio 项目：其中没有 project.sqlite。',
  ],
  [
    '{dir} was made by an older LoFi Studio and must be brought up to date first. {lock}',
    '{dir} 由旧版 LoFi Studio 创建，须先升级。{lock}',
  ],
  [
    '{file} is a database of another program, not a LoFi Studio project.',
    '{file} 是其他程序的数据库，不是 LoFi Studio 项目。',
  ],
  [
    '{file} was written by a newer LoFi Studio (schema {version}, this one knows {known}). It was left untouched; update the program to open it.',
    '{file} 由新版 LoFi Studio 写入（格式版本 {version}，当前程序支持 {known}）。文件未作改动，请更新程序后打开。',
  ],
  ['{file} is damaged: {why}. Restore a backup.', '{file} 已损坏：{why}。请恢复备份。'],
  ['There is no backup {name}.', '没有备份 {name}。'],
  ['There is no folder {dir}.', '没有文件夹 {dir}。'],
  ['{dir} cannot be read.', '无法读取 {dir}。'],
  ['{path} exists already. Choose another folder.', '{path} 已存在，请选择其他文件夹。'],
  ['{address} answered {status} {words}.', '{address} 返回 {status} {words}。'],
  ['{out} exists already. Choose another name.', '{out} 已存在，请换一个名称。'],
  [
    'The studio service stopped before it could answer. Look whether this was done, then try again.',
    '服务在答复前停止。请查看操作是否已完成，再重试。',
  ],
  ['The studio is closing.', '程序正在关闭。'],
  [
    'The studio on this machine has ended. Start it again and open the address that it prints.',
    '本机上的程序已退出。请重新启动，并打开其显示的地址。',
  ],
  // Annotation and history
  ['There is nothing to undo.', '没有可撤销的操作。'],
  ['There is nothing to redo.', '没有可重做的操作。'],
  ['"{step}" cannot be {verb}: {reason}.', '“{step}”无法{verb}：{reason}。'],
  ['undone', '撤销'],
  ['redone', '重做'],
  ['the label "{name}" has changed since', '标签“{name}”在此之后已更改'],
  ['the label "{name}" is used by segments that were made since', '此后新建的片段使用了标签“{name}”'],
  ['a segment of this step is there already', '其中的片段已存在'],
  ['a segment of this step has changed since', '其中的片段在此之后已更改'],
  ['its video is no longer in the project', '其视频已不在项目中'],
  ['its label is no longer in the project', '其标签已不在项目中'],
  ['the covered ranges have changed since', '完整标注的范围在此之后已更改'],
  ['the subset has changed since', '划分在此之后已更改'],
  ['its prediction is no longer in the project', '其预测已不在项目中'],
  ['the review has changed since', '审阅结论在此之后已更改'],
  [
    '"{at}" is not a time. Write it as 2026-05-04T14:05:00Z.',
    '“{at}”不是时间。请写成 2026-05-04T14:05:00Z 的形式。',
  ],
  ['There is no segment {id} any more.', '片段 {id} 已不存在。'],
  [
    'A segment is split inside itself: move the playhead between its edges.',
    '只能在片段内部分割：请将播放头移到片段之中。',
  ],
  [
    'Only segments of one label in one video can be merged. Change their label first.',
    '只能合并同一视频中同一标签的片段。请先更改标签。',
  ],
  ['There is a label "{name}" already. Choose another name.', '标签“{name}”已存在，请换一个名称。'],
  ['"{name}" cannot lie below itself.', '“{name}”不能归入其自身之下。'],
  ['There is no label {id} in this project.', '此项目中没有标签 {id}。'],
  ['There is no video {id} in this project.', '此项目中没有视频 {id}。'],
  ['There is no job {id} in this project.', '此项目中没有任务 {id}。'],
  ['There is no model {id} in this project.', '此项目中没有模型 {id}。'],
  ['There is no prediction {id} in this project.', '此项目中没有预测 {id}。'],
  ['There is no {kind} {id} in this project.', '此项目中没有 {kind} {id}。'],
  [
    'A segment of {video} would end before it starts. Swap its edges.',
    '{video} 的一个片段结束早于开始。请交换两端。',
  ],
  [
    "A segment lies outside {video} (its PTS go from {from} to {to}, the segment's from {start} to {end}).",
    '有片段超出 {video} 的范围（视频 PTS 为 {from} 至 {to}，片段为 {start} 至 {end}）。',
  ],
  ['The prediction {id} is gone; the model predicted anew.', '预测 {id} 已不存在：模型已重新预测。'],
  ['There is a segment {id} already.', '片段 {id} 已存在。'],
  // Videos
  ['There is no file {path}. Was it moved or renamed?', '没有文件 {path}。是否已移动或改名？'],
  ['There is no file {path}. Show where it is now.', '没有文件 {path}。请指出它现在的位置。'],
  ['There is no file {path}.', '没有文件 {path}。'],
  ['{name} is not in {folder} or its folders.', '{folder} 及其子文件夹中没有 {name}。'],
  ['{path} is in the project already, as {name}.', '{path} 已在项目中，名为 {name}。'],
  ['{file} has no frames.', '{file} 没有画面。'],
  [
    '{found} is another video than {name}: its content differs. Add it as a new video, or choose the right file.',
    '{found} 与 {name} 内容不同，不是同一个视频。请将其作为新视频添加，或选择正确的文件。',
  ],
  [
    '{name} has changed since it was added: another content lies under its name. Its labels belong to the old content. Put the old file back or show where it is, or add this one as a new video under another name.',
    '{name} 添加后内容已改变，原有标注属于旧内容。请放回旧文件或指出其位置，或将新文件改名后作为新视频添加。',
  ],
  [
    'is not a video that can be read. It may be damaged, incomplete or another kind of file.',
    '不是可读取的视频，可能已损坏、不完整或是其他类型的文件。',
  ],
  ['is text, not a video.', '是文本，不是视频。'],
  ['could not be understood: its header is damaged.', '无法识别：文件头已损坏。'],
  ['has sound but no picture. Choose a video file.', '只有声音没有画面。请选择视频文件。'],
  ['has no video in it.', '其中没有视频。'],
  [
    'has pictures of {width} × {height} pixels, which is more than can be worked with.',
    '画面为 {width} × {height} 像素，超出可处理的范围。',
  ],
  ['is in a video format that cannot be decoded here.', '的视频格式无法在此解码。'],
  ['could not be decoded ({codec}).', '无法解码（{codec}）。'],
  ['is not a file. Choose a video file.', '不是文件。请选择视频文件。'],
  ['is empty (zero bytes). Copy it again from where it came from.', '是空文件（零字节）。请重新复制。'],
  ['has no frame that can be shown. It may be incomplete.', '没有可显示的画面，可能不完整。'],
  ['has no frame that can be decoded.', '没有可解码的画面。'],
  ['{path}: no frame could be decoded.', '{path}：没有可解码的画面。'],
  [
    '{name}: frame {frame} cannot be decoded; the file is damaged there.',
    '{name}：第 {frame} 帧无法解码，文件在此处损坏。',
  ],
  ['{path} has no sound that can be decoded.', '{path} 没有可解码的声音。'],
  ['There is no memory for a decoded frame.', '内存不足，无法解码画面。'],
  ['There is no memory for a picture.', '内存不足，无法生成画面。'],
  ['A frame could not be converted ({code}).', '画面无法转换（{code}）。'],
  ['Reading this file takes more memory than is allowed.', '读取此文件所需内存超出上限。'],
  [
    'Reading {name} ended the decoder. The file is damaged or of a kind that cannot be read.',
    '读取 {name} 时解码器退出。文件已损坏或类型不受支持。',
  ],
  [
    'Reading {name} took too long and was stopped. The file may be damaged.',
    '读取 {name} 耗时过长，已停止。文件可能已损坏。',
  ],
  [
    'Reading {name} took more than {size} MiB and was stopped.',
    '读取 {name} 占用超过 {size} MiB 内存，已停止。',
  ],
  ['Media is closed.', '媒体已关闭。'],
  ['The file was closed meanwhile.', '文件在此期间已关闭。'],
  ['Pictures this large are not made ahead.', '画面过大，不预先生成。'],
  ['The request was cancelled.', '请求已取消。'],
  ['The decoding thread has ended.', '解码线程已结束。'],
  ['Sampling was cancelled.', '采样已取消。'],
  [
    'The proxy of {path} does not keep the times of its frames; it was thrown away.',
    '{path} 的可播放副本未能保持帧时间，已丢弃。',
  ],
  ['This video has no proxy.', '此视频没有可播放副本。'],
  ['There is no such video.', '没有这个视频。'],
  ['There is no such address.', '没有这个地址。'],
  ['There is no peaks level {level}.', '没有第 {level} 级波形。'],
  [
    'The table of frame times cannot be read. Remove the video and add it again.',
    '无法读取帧时间表。请移除该视频后重新添加。',
  ],
  [
    'The table of frame times is empty. Remove the video and add it again.',
    '帧时间表为空。请移除该视频后重新添加。',
  ],
  [
    'The waveform cannot be read. It is made anew when the cache is cleared.',
    '无法读取波形。清除缓存后会重新生成。',
  ],
  [
    'This is no file of score curves. Predict on the video again.',
    '不是分数曲线文件。请重新对该视频进行预测。',
  ],
  [
    'A file of score curves is cut short or damaged. Predict on the video again.',
    '分数曲线文件不完整或已损坏。请重新对该视频进行预测。',
  ],
  // In and out
  [
    '{where}: {message}. Correct it, or import with the policy repair or skip.',
    '{where}：{message}。请更正，或选择修复或跳过后再导入。',
  ],
  [
    '{name} holds predictions with scores, not labels. Only labels can be imported.',
    '{name} 中是带分数的预测，不是标注。只能导入标注。',
  ],
  ['{name}: {message}. Rename one of the files.', '{name}：{message}。请将其中一个文件改名。'],
  ['There is no model, so there are no predictions to export.', '没有模型，因此没有可导出的预测。'],
  [
    '{file} is not ActivityNet JSON: it has neither "database" (ground truth) nor "results" (predictions). Check the file and the format.',
    '{file} 不是 ActivityNet JSON：既没有 "database"（真值）也没有 "results"（预测）。请检查文件和格式。',
  ],
  [
    '{title} is one file; got {count} files. Name the file itself.',
    '{title} 是单个文件，但给出了 {count} 个。请选择该文件本身。',
  ],
  [
    '{file} is not FiftyOne JSON: "classes" and "labels" were expected. Choose labels.json.',
    '{file} 不是 FiftyOne JSON：缺少 "classes" 和 "labels"。请选择 labels.json。',
  ],
  [
    'The file counts frames and does not say at what rate ({where}). Give the frame rate, for example --fps 30000/1001.',
    '文件以帧计数但没有写明帧率（{where}）。请给出帧率，例如 --fps 30000/1001。',
  ],
  [
    '{file} is not MMAction2 JSON: videos by name, each with "annotations", were expected. Check the file and the format.',
    '{file} 不是 MMAction2 JSON：应为按名称列出、各含 "annotations" 的视频。请检查文件和格式。',
  ],
  [
    '{where}: no files named like BaseballPitch_val.txt or BaseballPitch_test.txt. Choose the folder that holds them.',
    '{where}：没有 BaseballPitch_val.txt 或 BaseballPitch_test.txt 这样的文件。请选择包含它们的文件夹。',
  ],
  ['{file}: the first line names no column for {missing}. {hint}', '{file}：首行没有 {missing} 列。{hint}'],
  [
    '{file} is not valid JSON: {what} at line {line}, column {column}. Save it again from the program that made it, or correct that place.',
    '{file} 不是有效的 JSON：第 {line} 行第 {column} 列，{what}。请从原程序重新保存，或更正该处。',
  ],
  [
    '{file}: the quoted cell that begins at line {line} never ends. Add the closing quote.',
    '{file}：第 {line} 行开始的引号没有结束。请补上引号。',
  ],
  // Training and models
  [
    '"{title}" starts from these weights. Delete them when that has ended, or cancel that first.',
    '“{title}”以这些权重为起点。请在它结束后再删除，或先取消它。',
  ],
  [
    '"{title}" needs this model. Delete it when that has ended, or cancel that first.',
    '“{title}”需要此模型。请在其结束后删除，或先取消该任务。',
  ],
  ['"{title}" is {state}: it cannot be {verb}.', '“{title}”当前状态（{state}）不允许此操作。'],
  ['There is no smaller setting to try for "{title}".', '“{title}”没有更小的设置可尝试。'],
  ['{file}: {problem}. Choose another model.', '{file}：{problem}。请选择其他模型。'],
  [
    'The training ended without a whole model: {file} is missing. Try again.',
    '训练结束但模型不完整：缺少 {file}。请重试。',
  ],
  ['Cancelled.', '已取消。'],
  ['The job was cancelled.', '任务已取消。'],
  ['The job has ended.', '任务已结束。'],
  [
    '{file} cannot be read: this training cannot go on. Start a new one.',
    '无法读取 {file}，此训练无法继续。请重新开始。',
  ],
  [
    'There is no space left to write {path}. Free some space and resume.',
    '没有空间写入 {path}。请腾出空间后继续。',
  ],
  [
    'There was not enough memory. Train at a smaller fidelity, or close other programs.',
    '内存不足。请降低保真度训练，或关闭其他程序。',
  ],
  [
    'The graphics device went away ({reason}). Resume the job; if it happens again, choose another engine in the settings.',
    '显卡设备丢失（{reason}）。请继续任务；若再次发生，请在设置中选择其他引擎。',
  ],
  [
    '{folder} holds no {what}. Choose the folder of a model that this program made.',
    '{folder} 中没有 {what}。请选择本程序生成的模型文件夹。',
  ],
  [
    '{file} is not JSON. Restore it from a backup or train again.',
    '{file} 不是 JSON。请从备份恢复，或重新训练。',
  ],
  ['{file} is not a model of this program ({problem}).', '{file} 不是本程序的模型（{problem}）。'],
  ['{folder} holds {found}, but {wanted} is needed.', '{folder} 中是{found}，而需要的是{wanted}。'],
  ['The label "{label}" is not among the labels of this training.', '标签“{label}”不在本次训练的标签中。'],
  [
    'There is no training video. Put at least one labelled video into the training subset.',
    '没有训练视频。请将至少一个已标注的视频放入训练集。',
  ],
  [
    'The training videos have no segments. Label where actions start and end, then train.',
    '训练视频没有片段。请先标出动作的开始和结束，再训练。',
  ],
  ['There are no labels. Create at least one label, then train.', '没有标签。请至少建立一个标签，再训练。'],
  [
    'A segment of {path} ({start}–{end} s, "{label}") is outside the video, which ends at {last} s. Correct or delete it.',
    '{path} 的一个片段（{start}–{end} 秒，“{label}”）超出视频范围，视频在 {last} 秒结束。请更正或删除。',
  ],
  [
    'The features of video "{id}" hold a value that is not a number. Its encoder\'s weights are damaged or its training diverged; start from another encoder.',
    '视频“{id}”的特征含有非数值。编码器权重已损坏或训练发散，请从其他编码器开始。',
  ],
  [
    'Stage {stage} diverged at step {step}: the gradient of {tensor} is not a finite number. Lower the learning rate in the configuration; the last checkpoint is kept.',
    '第 {stage} 阶段在第 {step} 步发散：{tensor} 的梯度不是有限数值。请在配置中降低学习率；最近的检查点已保留。',
  ],
  [
    'Stage {stage} diverged at step {step}: the loss is not a finite number, though all weights are. Lower the learning rate in the configuration; the last checkpoint is kept.',
    '第 {stage} 阶段在第 {step} 步发散：所有权重都正常，但损失不是有限数值。请在配置中降低学习率；最近的检查点已保留。',
  ],
  [
    'Stage {stage} diverged at step {step}: {tensor} holds a value that is not a finite number. Lower the learning rate in the configuration; the last checkpoint is kept.',
    '第 {stage} 阶段在第 {step} 步发散：{tensor} 含有非有限数值。请在配置中降低学习率；最近的检查点已保留。',
  ],
  ['There are no segments to classify. Label some, then train.', '没有可分类的片段。请先标注，再训练。'],
  ['The training setting "{name}" is true, false or null.', '训练设置“{name}”为 true、false 或 null。'],
  ['The training setting "{name}" is a number.', '训练设置“{name}”是数字。'],
  [
    'The training setting "{name}" is a whole number, not {value}.',
    '训练设置“{name}”应为整数，不能是 {value}。',
  ],
  [
    'The training setting "{name}" goes from {from} to {to}; {value} is outside.',
    '训练设置“{name}”的范围为 {from} 至 {to}，{value} 超出范围。',
  ],
  [
    'The training setting "{name}" is one of {names}, not "{value}".',
    '训练设置“{name}”可为 {names}，不能是“{value}”。',
  ],
  ['There is no training setting "{name}".', '没有训练设置“{name}”。'],
  // Engines
  ['TF.js\'s back end "{name}" does not start on this machine.', 'TF.js 的后端“{name}”无法在本机启动。'],
  [
    'ONNX Runtime does not load on this machine ({machine}). Run "npm install" again, or choose another engine.',
    'ONNX Runtime 无法在本机加载（{machine}）。请重新运行 "npm install"，或选择其他引擎。',
  ],
  [
    'The npm package @tensorflow/tfjs-node-gpu is not there. Run "npm install" with optional dependencies, then try again.',
    '缺少 npm 包 @tensorflow/tfjs-node-gpu。请运行 "npm install" 并包含可选依赖，然后重试。',
  ],
  [
    'Python 3 with pip was not found; TensorFlow is fetched with it. Install Python 3 and pip (Debian: apt install python3-pip), or name another with LOFI_PYTHON, then try again.',
    '没有找到带 pip 的 Python 3，下载 TensorFlow 需要它。请安装 Python 3 和 pip（Debian：apt install python3-pip），或用 LOFI_PYTHON 指定，然后重试。',
  ],
  [
    'The download of {what} is not the file that was expected; it was removed. Try again.',
    '下载的 {what} 与预期不符，已删除。请重试。',
  ],
  [
    'Node’s headers (node_api.h) were not found. Install them (Debian: libnode-dev; npm: node-api-headers), or name their folder with LOFI_NODE_HEADERS, then try again.',
    '没有找到 Node 的头文件（node_api.h）。请安装（Debian：libnode-dev；npm：node-api-headers），或用 LOFI_NODE_HEADERS 指明其文件夹，然后重试。',
  ],
  [
    'A C++ compiler was not found. Install g++ (Debian: apt install g++), or name one with CXX, then try again.',
    '没有找到 C++ 编译器。请安装 g++（Debian：apt install g++），或用 CXX 指定，然后重试。',
  ],
  [
    'Native TensorFlow\'s file {name} is {state}. Run "engine install tensorflow" again.',
    '原生 TensorFlow 的文件 {name} 缺失或损坏。请重新安装。',
  ],
  [
    'Native TensorFlow in {folder} does not load. Install it again with "engine install tensorflow".',
    '{folder} 中的原生 TensorFlow 无法加载。请重新安装。',
  ],
  ['Native TensorFlow in {folder} does not start.', '{folder} 中的原生 TensorFlow 无法启动。'],
  [
    'The installation was cancelled. What was downloaded whole is kept.',
    '安装已取消，已完整下载的内容会保留。',
  ],
  ['{program} does not start: {cause}', '{program} 无法启动：{cause}'],
  ['{program} ended with code {code}: {words}', '{program} 以代码 {code} 结束：{words}'],
  [
    'TF.js does not start on {title}. Use the default engine.',
    'TF.js 无法在 {title} 上启动。请使用默认引擎。',
  ],
  [
    'The graphics device was lost ({reason}). The last checkpoint is kept: resume the job, or choose the default engine.',
    '显卡设备丢失（{reason}）。已保留最后的检查点：请继续任务，或选择默认引擎。',
  ],
  ['{reason} Use the default engine.', '{reason}请使用默认引擎。'],
  // What begins with a file's name and ends with what is wrong with it
  ['{file} cannot be read.', '无法读取 {file}。'],
  [
    '{file}, {where}: {message}. Correct it, or import with the policy repair or skip.',
    '{file}，{where}：{message}。请更正，或选择修复或跳过后再导入。',
  ],
  [
    'A batch of frames of shape [{shape}] needs {expected} bytes; it has {count}.',
    '形状为 [{shape}] 的一批画面需要 {expected} 字节，实际为 {count}。',
  ],
];
