"""What the configurations of much-used encoders hold, as their owners have published them, and small weights."""

from importlib.util import find_spec
from pathlib import Path

BASE = {
    **{"hidden_act": "gelu", "hidden_size": 768, "intermediate_size": 3072, "initializer_range": 0.02},
    **{"num_attention_heads": 12, "num_hidden_layers": 12, "max_position_embeddings": 512, "layer_norm_eps": 1e-12},
    **{"attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1, "type_vocab_size": 2},
}
BERT = BASE | {
    **{"model_type": "bert", "architectures": ["BertForMaskedLM"], "position_embedding_type": "absolute"},
    **{"gradient_checkpointing": False, "use_cache": True, "transformers_version": "4.6.0.dev0"},
    **{"pad_token_id": 0, "vocab_size": 28996},
}
ROBERTA = BASE | {
    **{"model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "bos_token_id": 0, "eos_token_id": 2},
    **{"layer_norm_eps": 1e-05, "max_position_embeddings": 514, "pad_token_id": 1, "type_vocab_size": 1},
    "vocab_size": 50265,
}
DISTILBERT = {
    **{"model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"], "transformers_version": "4.10.0.dev0"},
    **{"activation": "gelu", "attention_dropout": 0.1, "dropout": 0.1, "qa_dropout": 0.1, "seq_classif_dropout": 0.2},
    **{"dim": 768, "hidden_dim": 3072, "n_heads": 12, "n_layers": 6, "vocab_size": 30522, "pad_token_id": 0},
    **{"max_position_embeddings": 512, "initializer_range": 0.02, "sinusoidal_pos_embds": False, "tie_weights_": True},
}
DEBERTA = BASE | {
    **{"model_type": "deberta-v2", "layer_norm_eps": 1e-07, "type_vocab_size": 0, "vocab_size": 128100},
    **{"relative_attention": True, "max_relative_positions": -1, "position_buckets": 256, "norm_rel_ebd": "layer_norm"},
    **{"share_att_key": True, "pos_att_type": "p2c|c2p", "position_biased_input": False},
}
UNCASED = {"do_lower_case": True, "model_max_length": 512}
CASED = {"do_lower_case": False, "model_max_length": 512}
MASK = {"content": "<mask>", "lstrip": True, "normalized": False, "rstrip": False, "single_word": False}

# config.json, tokenizer_config.json and special_tokens_map.json
PUBLISHED = {
    "distilbert/distilbert-base-uncased": (DISTILBERT, UNCASED, None),
    "google-bert/bert-base-cased": (BERT, CASED, None),
    "google-bert/bert-base-multilingual-cased": (
        BERT
        | {"directionality": "bidi", "pooler_type": "first_token_transform", "pooler_fc_size": 768}
        | {"pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3},
        CASED,
        None,
    ),
    "FacebookAI/roberta-base": (ROBERTA, {"model_max_length": 512}, None),
    "FacebookAI/xlm-roberta-base": (
        ROBERTA
        | {"architectures": ["XLMRobertaForMaskedLM"], "model_type": "xlm-roberta", "output_past": True}
        | {"position_embedding_type": "absolute", "transformers_version": "4.17.0.dev0", "vocab_size": 250002},
        {"model_max_length": 512},
        None,
    ),
    "microsoft/deberta-v3-base": (DEBERTA, {"do_lower_case": False, "vocab_type": "spm"}, None),
    # A sentence encoder, and what a training in a browser leaves
    "sentence-transformers/all-MiniLM-L6-v2": (
        BERT
        | {"_name_or_path": "nreimers/MiniLM-L6-H384-uncased", "architectures": ["BertModel"]}
        | {"hidden_size": 384, "num_hidden_layers": 6, "transformers_version": "4.8.2"},
        UNCASED
        | {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
        | {"mask_token": "[MASK]", "tokenize_chinese_chars": True, "strip_accents": None, "never_split": None}
        | {"name_or_path": "nreimers/MiniLM-L6-H384-uncased", "do_basic_tokenize": True}
        | {"tokenizer_class": "BertTokenizer"},
        {name: f"[{name[:-6].upper()}]" for name in ("unk_token", "sep_token", "pad_token", "cls_token", "mask_token")},
    ),
    "a tagger made with AutoTrain": (
        ROBERTA
        | {"_name_or_path": "AutoTrain", "_num_labels": 2, "architectures": ["RobertaForTokenClassification"]}
        | {"id2label": {"0": "O", "1": "B-x"}, "label2id": {"O": 0, "B-x": 1}, "max_length": 192}
        | {"padding": "max_length", "torch_dtype": "float32", "use_cache": True, "classifier_dropout": None},
        {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>"}
        | {"unk_token": "<unk>", "mask_token": MASK | {"__type": "AddedToken", "special": True}}
        | {"add_prefix_space": False, "errors": "replace", "trim_offsets": True, "model_max_length": 512}
        | {"name_or_path": "AutoTrain", "tokenizer_class": "RobertaTokenizer"}
        | {"special_tokens_map_file": "/tmp/special_tokens_map.json"},
        {"bos_token": "<s>", "mask_token": MASK},
    ),
}

# For models of all kinds, small enough to be made in a moment; each kind takes the names that it knows.
SMALL = {
    "vocab_size": 810,  # the tiny encoder's tokenizer has 800, and gets the special tokens of other kinds
    **dict.fromkeys(("max_position_embeddings", "n_positions"), 64),
    **dict.fromkeys(("hidden_size", "dim", "d_model", "n_embd", "embedding_size", "emb_dim", "d_head"), 16),
    **dict.fromkeys(("intermediate_size", "hidden_dim", "d_inner", "d_ff", "encoder_ffn_dim", "decoder_ffn_dim"), 32),
    **dict.fromkeys(("num_attention_heads", "n_heads", "n_head", "num_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 2),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "n_layer", "num_layers", "encoder_layers", "decoder_layers"), 2),
    **dict.fromkeys(("head_dim", "d_kv"), 8),
    "pad_token_id": 0,
}


def write_weights(folder: Path, task: str) -> None:
    """Write random weights for the configuration in a folder, which stays as it is."""
    import transformers

    config = (folder / "config.json").read_bytes()
    torch = find_spec("torch") is not None
    auto = getattr(transformers, f"{'' if torch else 'TF'}AutoModel{task and f'For{task}'}")
    model = auto.from_config(transformers.AutoConfig.from_pretrained(folder))
    if not torch:
        model(model.dummy_inputs)
    model.save_pretrained(folder, **{} if torch else {"safe_serialization": True})
    (folder / "config.json").write_bytes(config)
