"""Stands in for the authors' module of this name, as far as a model card calls it: the arguments of their class, and the
names and shapes of its parameters."""
import torch
from timm.models.vision_transformer import Block, PatchEmbed


class MaskedAutoencoderViT(torch.nn.Module):
    def __init__(self, img_size=224, patch_size=16, in_chans=3, embed_dim=1024, depth=24, num_heads=16,
                 decoder_embed_dim=512, decoder_depth=8, decoder_num_heads=16, mlp_ratio=4.0,
                 norm_layer=torch.nn.LayerNorm, norm_pix_loss=False):
        super().__init__()

        def blocks(width, heads, count):
            return torch.nn.ModuleList(
                Block(width, heads, mlp_ratio, qkv_bias=True, norm_layer=norm_layer) for _ in range(count))

        def table(*shape):
            return torch.nn.Parameter(torch.zeros(1, *shape))

        self.patch_embed = PatchEmbed(img_size, patch_size, in_chans, embed_dim)
        tokens = 1 + self.patch_embed.num_patches
        self.cls_token, self.pos_embed = table(1, embed_dim), table(tokens, embed_dim)
        self.blocks, self.norm = blocks(embed_dim, num_heads, depth), norm_layer(embed_dim)
        self.decoder_embed = torch.nn.Linear(embed_dim, decoder_embed_dim)
        self.mask_token, self.decoder_pos_embed = table(1, decoder_embed_dim), table(tokens, decoder_embed_dim)
        self.decoder_blocks = blocks(decoder_embed_dim, decoder_num_heads, decoder_depth)
        self.decoder_norm = norm_layer(decoder_embed_dim)
        self.decoder_pred = torch.nn.Linear(decoder_embed_dim, patch_size**2 * in_chans)
        self.norm_pix_loss = norm_pix_loss

    def encode(self, pixels):
        """Of whole images: [B, 1 + L, D]."""
        tokens = torch.cat([self.cls_token.expand(len(pixels), -1, -1), self.patch_embed(pixels) + self.pos_embed[:, 1:]], 1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)
