import { Controller, Get } from '@nestjs/common';

import { openApiDocument } from './openapi.js';

/** The description of the HTTP edge; open to all, as it holds nothing that is not published. */
@Controller()
export class OpenApiHttpController {
  private readonly document = openApiDocument();

  @Get('openapi.json')
  openApi(): object {
    return this.document;
  }
}
